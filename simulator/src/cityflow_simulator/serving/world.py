"""What the stand-ins publish: the datasets of a portal, the other services, and a clock."""

import threading
from dataclasses import dataclass, field
from datetime import date

from cityflow_simulator.bikeshare import Fleet
from cityflow_simulator.portal import Portal
from cityflow_simulator.published.dataset import Dataset
from cityflow_simulator.published.files import DISRUPTIONS, Folder
from cityflow_simulator.serving.clock import Clock
from cityflow_simulator.transit import Transit

PRIM_QUOTA = 1_000
DISRUPTIONS_PATH = "/marketplace/disruptions_bulk/disruptions/v2"
GBFS_BASE = "/opendata/Velib_Metropole"


@dataclass
class Prim:
    """Who may ask for disruptions, and how often a day; without a key, any key will do."""

    key: str | None = None
    quota: int = PRIM_QUOTA
    _used: dict[date, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, day: date) -> int:
        """Count one more answer of a day; returns how many that makes."""
        with self._lock:
            self._used[day] = self._used.get(day, 0) + 1
            return self._used[day]


@dataclass
class World:
    """A portal's datasets by identifier, and what the other services answer from.

    What is None is not served. `saved` holds answers as they were saved, by path.
    """

    clock: Clock
    datasets: dict[str, Dataset] = field(default_factory=dict)
    transit: Transit | None = None
    fleet: Fleet | None = None
    weather_seed: int | None = None
    saved: dict[str, bytes] = field(default_factory=dict)
    prim: Prim = field(default_factory=Prim)


def synthetic_world(portal: Portal, clock: Clock, prim: Prim | None = None) -> World:
    """All services from one synthetic city."""
    return World(
        clock=clock,
        datasets=dict(portal.datasets),
        transit=portal.transit,
        fleet=portal.fleet,
        weather_seed=portal.city.seed,
        prim=prim or Prim(),
    )


def saved_world(folder: Folder, clock: Clock) -> World:
    """What a folder of published files holds, and nothing invented beside it."""
    saved = {
        DISRUPTIONS_PATH if name == DISRUPTIONS else f"{GBFS_BASE}/{name}.json": body
        for name, body in folder.answers.items()
    }
    return World(clock=clock, datasets=dict(folder.datasets), saved=saved)
