"""A running stand-in of a small city, on free ports of loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from cityflow_simulator.portal import Offer, Portal
from cityflow_simulator.serving.app import StandIns, stand_ins
from cityflow_simulator.serving.clock import Clock
from cityflow_simulator.serving.world import Prim, synthetic_world

NOW = datetime(2025, 11, 20, 8, tzinfo=UTC)


@dataclass
class Client:
    """Asks one listener; `base` is its address."""

    base: str
    stand_ins: StandIns

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
        return requests.get(
            self.base + path, params=params, headers=headers, timeout=30, allow_redirects=False
        )

    def explore(self, path: str, **params: Any) -> Any:
        return self.get(f"/api/explore/v2.1/catalog/datasets/{path}", **params)

    def control(self, method: str, path: str, body: object = None, **params: Any) -> Any:
        url = f"{self.base}/_control{path}"
        answer = requests.request(method, url, json=body, params=params, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def city_of(arcs: int) -> Iterator[Client]:
    """A running stand-in of a city of so many arcs, with two hosts."""
    world = synthetic_world(Portal(Offer(arcs=arcs)), Clock(NOW), Prim("the-key", 5))
    served = stand_ins(world, "127.0.0.1", [0, 0])
    served.open()
    yield Client(served.listeners[0].url, served)
    served.close()


@pytest.fixture(scope="package")
def running() -> Iterator[Client]:
    with city_of(arcs=100) as client:
        yield client


@pytest.fixture
def hamlet() -> Iterator[Client]:
    """So small that all its months can be asked for."""
    with city_of(arcs=20) as client:
        yield client


@pytest.fixture
def standin(running: Client) -> Iterator[Client]:
    """The stand-in at its first instant, without faults, its log empty."""
    yield running
    running.control("DELETE", "/faults")
    running.control("DELETE", "/requests")
    running.control("PUT", "/now", {"now": NOW.isoformat()})
    running.control("PUT", "/hosts/1", {"open": True})
