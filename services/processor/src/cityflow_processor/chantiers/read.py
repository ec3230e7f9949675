"""The published list of road works, CSV with labels or technical names, and JSON.

Cells may hold line breaks inside quotes. A work without both dates, or that ends before it
begins, is on no day: a reject.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from cityflow.contracts.chantiers_tables import CHANTIERS_CLEAN
from cityflow.geo import area_m2
from cityflow_processor.records import values
from cityflow_processor.records.module import Contents, Outcome, Record, Reject, Source, Value
from cityflow_processor.records.rows import Row, require, rows_of, technical_names
from cityflow_processor.records.values import Unusable

READER_VERSION: Final = "c1"
_NAMES: Final = technical_names(
    {
        "identifiant": ("Identifiant",),
        "cp_arrondissement": ("Code postal de l'arrondissement",),
        "typologie": ("Typologie",),
        "maitre_ouvrage": ("Maitre d'ouvrage",),
        "objet": ("Objet",),
        "description": ("Description",),
        "voie": ("Voie(s)",),
        "precision_localisation": ("Précisions de localisation",),
        "date_debut": ("Date de début",),
        "date_fin": ("Date de fin",),
        "impact_circulation": ("Impact sur la circulation",),
        "impact_circulation_detail": ("Détail de l'impact sur la circulation",),
        "niveau_perturbation": ("Niveau de perturbation",),
        "statut": ("Statut",),
        "geo_shape": ("geo_shape",),
        "geo_point_2d": ("geo_point_2d",),
    }
)
_REQUIRED: Final = ("identifiant", "date_debut", "date_fin", "impact_circulation")


def read(source: Source) -> Contents:
    """The works of one list. Raises FileRefused."""
    require(source, _NAMES, _REQUIRED)
    return Contents("snapshot", CHANTIERS_CLEAN, _works(source))


def _works(source: Source) -> Iterator[Outcome]:
    for row in rows_of(source, _NAMES):
        yield row if isinstance(row, Reject) else _work(row)


def _work(row: Row) -> Outcome:
    try:
        work = row.get("identifiant")
        if work is None:
            raise Unusable("bad_work", "no identifier")
        start, end = _dates(row)
        level = values.count(row.get("niveau_perturbation"), "level")
        status = values.count(row.get("statut"), "status")
        typology = values.count(row.get("typologie"), "typology")
    except Unusable as error:
        return row.reject(error.reason, error.detail)
    impact = [values.short(row.get(n)) for n in ("impact_circulation", "impact_circulation_detail")]
    about = [
        values.short(row.get(name))
        for name in (
            "voie", "precision_localisation", "description", "objet", "maitre_ouvrage",
            "cp_arrondissement",
        )
    ]  # fmt: skip
    found: tuple[Value, ...] = (start, end, *impact, level, status, *about, typology)
    return Record(row.number, None, (work[:64], *found, *_place(row)))


def _dates(row: Row) -> tuple[date, date]:
    texts = row.get("date_debut"), row.get("date_fin")
    start, end = (values.day(text) for text in texts)
    if texts[0] is None or texts[1] is None:
        raise Unusable("no_dates", f"from {texts[0] or 'nothing'} to {texts[1] or 'nothing'}")
    if start is None or end is None:
        raise Unusable("bad_date", f"from {texts[0]!r} to {texts[1]!r}")
    if end < start:
        raise Unusable("ends_before_start", f"from {start} to {end}")
    return start, end


def _place(row: Row) -> tuple[Value, ...]:
    at = values.point(row.get("geo_point_2d"))
    place = (at[1], at[0]) if at else (None, None)
    return (*place, canonical_area(row.get("geo_shape")))


def canonical_area(text: str | None) -> str | None:
    """A polygon's GeoJSON geometry, compact with sorted keys; None for what is no polygon."""
    try:
        shape: Any = json.loads(text or "")
        bare = shape["geometry"] if shape["type"] == "Feature" else shape
        slim = {"coordinates": bare["coordinates"], "type": bare["type"]}
        area_m2(slim)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return json.dumps(slim, sort_keys=True, separators=(",", ":"))
