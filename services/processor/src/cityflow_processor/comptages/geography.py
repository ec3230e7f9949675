"""Where an arc lies and how long it is: its own published shape first, then the referentiel."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from cityflow.contracts import Attribution
from cityflow.geo import LonLat, ZoneIndex, lengths_m, midpoint
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


@dataclass(frozen=True, eq=False)
class Places:
    """Columns of the table `arcs` that do not depend on the counts, a row an arc.

    `length_m` is NaN where it is unknown; `sources` says of how many arcs the geometry is from
    where.
    """

    columns: Mapping[str, pa.Array]
    length_m: npt.NDArray[np.float64]
    arrondissements: Sequence[str]
    sources: Mapping[str, int]


_PLACES_SCHEMA: Final = pl.Schema(
    {
        "geometry_source": pl.String,
        "geometry": pl.String,
        "length_m": pl.Float64,
        "arrondissement": pl.String,
    }
)
_PUBLISHED: Final = (
    pl.col(ARC).alias("arc_id"),
    pl.col("libelle").alias("label"),
    pl.col("iu_nd_amont").alias("node_from_id"),
    pl.col("iu_nd_aval").alias("node_to_id"),
    pl.col("date_debut").str.to_date("%Y-%m-%d", strict=False).alias("available_from"),
    pl.col("date_fin").str.to_date("%Y-%m-%d", strict=False).alias("available_to"),
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
    _tables: dict[str, Places] = field(init=False, default_factory=dict)
    _lock: Lock = field(init=False, default_factory=Lock)

    def __post_init__(self) -> None:
        if self.zones:
            self._index = ZoneIndex([(zone.code, zone.geometry) for zone in self.zones])

    def places(self, attributes: pl.DataFrame) -> Places:
        """What is published of arcs and where they lie, a row for each row of their attributes.

        Most days have the same arcs, so the latest tables are kept.
        """
        digests = attributes[DIGEST].to_list()
        key = "".join(digests)
        with self._lock:
            if key not in self._tables:
                if len(self._tables) >= _TABLES_KEPT:
                    self._tables.clear()
                self._tables[key] = self._table(attributes, digests)
            return self._tables[key]

    def _table(self, attributes: pl.DataFrame, digests: list[str]) -> Places:
        self._learn(attributes, digests)
        arcs = attributes[ARC].to_list()
        rows = [self._place(*arc) for arc in zip(digests, arcs, strict=True)]
        places = pl.DataFrame(rows, schema=_PLACES_SCHEMA, orient="row")
        table = pl.concat([attributes.select(_PUBLISHED), places], how="horizontal").to_arrow()
        return Places(
            {name: table[name].combine_chunks() for name in table.column_names},
            places["length_m"].to_numpy(),
            places["arrondissement"].to_list(),
            Counter(places["geometry_source"].to_list()),
        )

    def _place(self, digest: str, arc_id: str) -> Place:
        own = self._places[digest]
        if own is not None and own.length_m is not None:
            return own
        known = self.referentiel.get(arc_id)
        if known is None:
            return own or Place("none", None, None, UNKNOWN)
        (zone,) = self._locate([known.point])
        return Place("referentiel", known.geometry, known.length_m, zone)

    def _learn(self, attributes: pl.DataFrame, digests: list[str]) -> None:
        """Where the counts themselves say that arcs lie, for attributes not met before."""
        new = [at for at, digest in enumerate(digests) if digest not in self._places]
        shapes, points = (
            attributes[n].gather(new).to_list() for n in ("geo_shape", "geo_point_2d")
        )
        lengths = iter(lengths_m([shape for shape in shapes if shape]))
        at = [
            parse_point(point) or (midpoint(json.loads(shape)) if shape else None)
            for shape, point in zip(shapes, points, strict=True)
        ]
        zones = iter(self._locate([point for point in at if point]))
        for row, shape, point in zip(new, shapes, at, strict=True):
            length = next(lengths) if shape else None
            place = Place("counts", shape, length, next(zones)) if point else None
            self._places[digests[row]] = place

    def _locate(self, points: Sequence[LonLat]) -> list[str]:
        if self._index is None:
            return [UNKNOWN] * len(points)
        return [zone or OUTSIDE for zone in self._index.locate_many(points)]


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
