"""Where an arc lies and how long it is: its own published shape first, then the referentiel."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import polars as pl

from cityflow.contracts import Attribution
from cityflow.geo import LonLat, ZoneIndex, length_m, midpoint
from cityflow_processor.comptages.fields import ARC, DIGEST

OUTSIDE: Final = "outside"
UNKNOWN: Final = "unknown"
_TABLES_KEPT: Final = 8
Source = Literal["counts", "referentiel", "none"]


@dataclass(frozen=True)
class Zone:
    """One arrondissement: code 1–20, published name, GeoJSON polygon."""

    code: str
    label: str
    geometry: Mapping[str, Any]


@dataclass(frozen=True)
class KnownArc:
    """Geometry of an arc: GeoJSON text, length in metres, a point (lon, lat) to locate it by."""

    geometry: str
    length_m: float
    point: LonLat


class Place(NamedTuple):
    """What the metrics need of an arc's geometry; unknown is null, never zero."""

    geometry_source: Source
    geometry: str | None
    length_m: float | None
    arrondissement: str


PLACES_SCHEMA: Final = pl.Schema(
    {
        "geometry_source": pl.String,
        "geometry": pl.String,
        "length_m": pl.Float64,
        "arrondissement": pl.String,
    }
)


@dataclass
class Geography:
    """The reference editions in force on a day, and the places they give to arcs."""

    zones_edition: str | None = None
    zones: Sequence[Zone] = ()
    referentiel_edition: str | None = None
    referentiel: Mapping[str, KnownArc] = field(default_factory=dict)
    attributions: tuple[Attribution, ...] = ()
    _index: ZoneIndex | None = field(init=False, default=None)
    _places: dict[str, Place | None] = field(init=False, default_factory=dict)
    _tables: dict[str, pl.DataFrame] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.zones:
            self._index = ZoneIndex([(zone.code, zone.geometry) for zone in self.zones])

    def places(self, attributes: pl.DataFrame) -> pl.DataFrame:
        """Where arcs lie: columns of PLACES_SCHEMA, a row for each row of their attributes.

        Most days have the same arcs, so the latest tables are kept.
        """
        digests = attributes[DIGEST].to_list()
        key = "".join(digests)
        if key not in self._tables:
            columns = (attributes[name].to_list() for name in (ARC, "geo_shape", "geo_point_2d"))
            rows = [self.place(*row) for row in zip(digests, *columns, strict=True)]
            if len(self._tables) >= _TABLES_KEPT:
                self._tables.clear()
            self._tables[key] = pl.DataFrame(rows, schema=PLACES_SCHEMA, orient="row")
        return self._tables[key]

    def place(self, digest: str, arc_id: str, shape: str | None, point: str | None) -> Place:
        """The place of an arc from its canonical `geo_shape` and `geo_point_2d`, if any.

        `digest` stands for all attributes of the arc.
        """
        if digest not in self._places:
            self._places[digest] = self._of_counts(shape, point)
        own = self._places[digest]
        if own is not None and own.length_m is not None:
            return own
        known = self.referentiel.get(arc_id)
        if known is None:
            return own or Place("none", None, None, UNKNOWN)
        zone = self._locate(known.point)
        return Place("referentiel", known.geometry, known.length_m, zone)

    def _of_counts(self, shape: str | None, point: str | None) -> Place | None:
        at = parse_point(point)
        if shape is None:
            return None if at is None else Place("counts", None, None, self._locate(at))
        line = json.loads(shape)
        length = length_m(line)
        return Place("counts", shape, length, self._locate(at or midpoint(line)))

    def _locate(self, point: LonLat) -> str:
        if self._index is None:
            return UNKNOWN
        return self._index.locate(*point) or OUTSIDE


def parse_point(text: str | None) -> LonLat | None:
    """(lon, lat) of a published `lat, lon`; None if it is empty or broken."""
    if text is None:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    on_the_globe = abs(latitude) <= 90 and abs(longitude) <= 180
    return (longitude, latitude) if on_the_globe else None
