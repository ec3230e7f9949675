"""A stand-in of the portal in this process, and a Paris that does not wait long for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from cityflow_simulator.feed import Rates
from cityflow_simulator.portal import Offer
from cityflow_simulator.portal import Portal as City
from cityflow_simulator.publication import Lateness
from cityflow_simulator.published.catalogue import DISTRICTS_ID, LOOPS_ID, ROADS_ID
from cityflow_simulator.published.dataset import Dataset
from cityflow_simulator.serving.app import StandIns, stand_ins
from cityflow_simulator.serving.clock import Clock
from cityflow_simulator.serving.faults import faults_of
from cityflow_simulator.serving.world import World

NOW = "2025-11-06T08:00:00Z"
ARCS = 12


def roads(seed: int = 1, arcs: int = ARCS) -> dict[str, Dataset]:
    """Counts, loops and districts of a city whose every day appears in time, for good."""
    city = City(Offer(seed, arcs, Rates(missing_days=0), Lateness(late_days=0, revised_days=0)))
    return {name: city.datasets[name] for name in (ROADS_ID, LOOPS_ID, DISTRICTS_ID)}


@dataclass
class Portal:
    """Two hosts of one portal."""

    stand_ins: StandIns
    world: World

    @property
    def urls(self) -> str:
        """The addresses, in order of preference, as OPENDATASOFT_HOSTS wants them."""
        return ",".join(listener.url for listener in self.stand_ins.listeners)

    def fail(self, *faults: dict[str, Any]) -> None:
        """These faults, and no others."""
        self.stand_ins.book.replace(faults_of(list(faults)))

    def at(self, instant: str) -> None:
        """Move its clock."""
        self.world.clock.set(datetime.fromisoformat(instant).astimezone(UTC))


@contextmanager
def portal(datasets: dict[str, Dataset] | None = None, hosts: int = 2) -> Iterator[Portal]:
    """A portal until the end of the context; without datasets, the roads of a small Paris."""
    world = World(Clock(datetime.fromisoformat(NOW)), datasets or roads())
    services = stand_ins(world, "127.0.0.1", [0] * hosts)
    services.open()
    try:
        yield Portal(services, world)
    finally:
        services.close()


def quick_paris(path: Path) -> Path:
    """A copy of the shipped city whose patience is short."""
    text = (resources.files("cityflow_ingest.tenants") / "paris.toml").read_text("utf-8")
    for name, value in (
        ("read_seconds", 2),
        ("answer_seconds", 1.5),
        ("attempts", 4),
        ("backoff_seconds", 0.01),
        ("longest_wait_seconds", 3),
        ("catch_up_days", 2),
    ):
        text, count = re.subn(rf"(?m)^{name} = [\d.]+", f"{name} = {value}", text)
        assert count == 1, name
    path.write_text(text, encoding="utf-8")
    return path
