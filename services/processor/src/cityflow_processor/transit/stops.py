"""The stops that a disruption names, and where the feed says that they are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cityflow.geo import LonLat
from cityflow_processor.records import values

STOP_KINDS: Final = ("stop_point", "stop_area")
"""What both feeds call a stop, and a station that several belong to."""


class Stop(NamedTuple):
    """A stop as a disruption names it; degrees, null where the feed does not place it."""

    stop_id: str
    name: str | None
    longitude: float | None
    latitude: float | None


About = tuple[str | None, float | None, float | None]
"""Name, longitude and latitude, null where they are not told."""


@dataclass
class Stops:
    """Stops by identifier, and apart the ends of a section."""

    named: dict[str, About] = field(default_factory=dict)
    ends: dict[str, About] = field(default_factory=dict)

    def add(self, stop: Any, *, is_end: bool = False) -> None:
        """A stop with id, name and perhaps coord. Without an identifier it is no stop."""
        given = stop.get("id") if isinstance(stop, dict) else None
        if not isinstance(given, str) or not given:
            return
        name, held = given[:64], self.ends if is_end else self.named
        lon, lat = _coordinates(stop.get("coord")) or (None, None)
        if lon is not None or name not in held:
            held[name] = (values.short(str(stop.get("name") or "")), lon, lat)

    def written(self) -> str:
        """As JSON text, in the order of identifiers: of each also whether it is an end only."""
        told = {**self.ends, **self.named}
        rows = [[name, *told[name], name not in self.named] for name in sorted(told)]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def of_texts(texts: Sequence[str]) -> tuple[Stop, ...]:
    """The stops of several pages, by identifier; the ends of a section stand for it only where
    no page tells a stop.
    """
    rows = [row for text in texts for row in _rows(text)]
    named = [row for row in rows if not row[4]]
    placed = sorted(named or rows, key=lambda row: (row[0], row[2] is not None))
    return tuple({row[0]: Stop(*row[:4]) for row in placed}.values())


@lru_cache(maxsize=65_536)
def _rows(text: str) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in json.loads(text))


def _coordinates(found: Any) -> LonLat | None:
    """A place as the feed tells it: texts or numbers, and 0, 0 for a stop without one."""
    if not isinstance(found, Mapping):
        return None
    at = values.point(f"{found.get('lat')}, {found.get('lon')}")
    return None if at in (None, (0.0, 0.0)) else at
