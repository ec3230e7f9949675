"""The official polygons in force on a day, and which of them a point lies in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cityflow.contracts import Attribution
from cityflow.geo import LonLat, ZoneIndex
from cityflow_processor.comptages.geography import OUTSIDE, UNKNOWN, Zone


@dataclass(frozen=True)
class Districts:
    """One edition of the polygons; without one every place is `unknown`."""

    edition: str | None = None
    zones: Sequence[Zone] = ()
    attributions: tuple[Attribution, ...] = ()
    _index: ZoneIndex | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.zones:
            index = ZoneIndex([(zone.code, zone.geometry) for zone in self.zones])
            object.__setattr__(self, "_index", index)

    @property
    def labels(self) -> Mapping[str, str]:
        """Every code in the order of reports: the polygons, `outside`, `unknown`."""
        named = {zone.code: zone.label for zone in self.zones}
        return named | {OUTSIDE: "outside Paris", UNKNOWN: "unknown"}

    def locate(self, points: Sequence[LonLat | None]) -> list[str]:
        """The code of each (lon, lat); `unknown` for none."""
        if self._index is None:
            return [UNKNOWN] * len(points)
        known = [point for point in points if point is not None]
        codes = iter(self._index.locate_many(known))
        return [UNKNOWN if point is None else next(codes) or OUTSIDE for point in points]
