"""Arrondissement polygons from the published GeoJSON."""

import json
from typing import Any, Final

import polars as pl

from cityflow.contracts.reference_tables import ARRONDISSEMENTS_ZONES
from cityflow.errors import FileRefused
from cityflow.geo import ZoneIndex
from cityflow_processor.comptages.geography import Zone
from cityflow_processor.tables import schema

_EXPECTED: Final = "a FeatureCollection of polygons with c_ar, the number of the arrondissement"


def read_zones(data: bytes, name: str) -> pl.DataFrame:
    """One row a polygon (contract ARRONDISSEMENTS_ZONES), by code. Raises FileRefused."""
    try:
        features = json.loads(data)["features"]
        rows = [_row(feature) for feature in features]
    except (ValueError, KeyError, TypeError) as error:
        found = f"what cannot be read as such ({type(error).__name__}: {error})"
        raise FileRefused(name, found, _EXPECTED) from error
    codes = [code for code, _, _ in rows]
    if not codes or len(set(codes)) != len(codes):
        raise FileRefused(name, "no polygon, or one code twice", _EXPECTED)
    frame = pl.DataFrame(sorted(rows), schema=schema(ARRONDISSEMENTS_ZONES), orient="row")
    _refuse_unusable(frame, name)
    return frame


def _row(feature: dict[str, Any]) -> tuple[str, str, str]:
    properties = feature["properties"]
    code = str(int(properties["c_ar"]))
    label = properties.get("l_aroff") or properties.get("l_ar") or code
    geometry = {name: feature["geometry"][name] for name in ("coordinates", "type")}
    return code, str(label), json.dumps(geometry, sort_keys=True, separators=(",", ":"))


def _refuse_unusable(frame: pl.DataFrame, name: str) -> None:
    """Polygons that cannot locate anything are refused here, once, not by every day."""
    try:
        ZoneIndex([(zone.code, zone.geometry) for zone in zones(frame)])
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise FileRefused(name, f"an unusable polygon ({error})", _EXPECTED) from error


def zones(frame: pl.DataFrame) -> list[Zone]:
    """Zones in the order of their numbers."""
    rows = sorted(frame.iter_rows(), key=lambda row: int(row[0]))
    return [Zone(code, label, json.loads(geometry)) for code, label, geometry in rows]
