"""A day across datasets from what each of them publishes: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from cityflow.contracts import Check, Severity
from cityflow.contracts.across import (
    AcrossCity,
    AcrossTransit,
    AcrossWeather,
    AcrossZone,
    WorkEffect,
)
from cityflow.contracts.across_tables import ACROSS_CLEAN, ACROSS_WORKS, ACROSS_ZONES
from cityflow_processor.across.effects import Change, Exposure, effects
from cityflow_processor.across.like import Bools, Like
from cityflow_processor.tables import schema

METHOD_VERSION: Final = "2"
ROWS_IN_SUMMARY: Final = 20
_OF_STOPS: Final = ("disrupted_stops", "blocked_stops", "disrupted_stop_h")
Row = dict[str, Any]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Works:
    """Active works near arcs: pairs, arcs that the analysis does not know, weights by work."""

    exposures: Sequence[Exposure]
    unknown_arcs: Sequence[str]
    weights: Mapping[str, float | None]


@dataclass(frozen=True)
class Told:
    """The documents of the day by dataset, and what is looked at beside them.

    `arcs` has arc_id, label and arrondissement, by arc_id; what is by arc is in its order. `stops`
    near arcs: arc_id, stop_id and blocked_s of the disrupted ones; None if they are not told.
    """

    documents: Mapping[str, Json]
    arcs: pl.DataFrame
    like: Like
    similar: Sequence[date]
    works: Works
    of_start: Mapping[date, Change]
    stops: pl.DataFrame | None


@dataclass(frozen=True)
class Measured:
    """Tables by name, the clean one apart, blocks of the summary, and gates."""

    clean: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    blocks: dict[str, Any]
    checks: tuple[Check, ...]


def measure(told: Told) -> Measured:
    """Everything that the edition of a day publishes."""
    zones = told.arcs["arrondissement"].to_list()
    exposed = np.zeros(len(zones), dtype=np.bool_)
    exposed[[one.arc for one in told.works.exposures]] = True
    rows = _named(told.arcs, effects(told.works.exposures, told.of_start, zones, exposed))
    known = [row for row in rows if row["work_change"] is not None]
    areas = _areas(told, np.array(zones))
    city = _city(told, len(known))
    return Measured(
        clean=_clean(told, exposed),
        tables={
            "zones": pl.DataFrame(areas, schema=schema(ACROSS_ZONES)).sort(ACROSS_ZONES.key),
            "works": pl.DataFrame(rows, schema=schema(ACROSS_WORKS)).sort(ACROSS_WORKS.key),
        },
        blocks={
            "status": "published" if zones else "no_data",
            "weather": _weather(told.documents),
            "transit": _transit(told.documents),
            "similar": tuple(told.similar),
            "city": AcrossCity(**city),
            "arrondissements": tuple(AcrossZone(**area) for area in areas),
            "works": tuple(WorkEffect(**row) for row in _largest(known)),
        },
        checks=(_conservation(city, areas), _given(told.documents), _placed(told.works)),
    )


def _clean(told: Told, exposed: Bools) -> pl.DataFrame:
    like, works = told.like, told.works
    active = np.zeros(exposed.size, dtype=np.int64)
    weight = np.full(exposed.size, np.nan)
    for one in works.exposures:
        active[one.arc] += 1
        heavy = works.weights.get(one.work_id)
        if heavy is not None:
            # Weights are tenths: rounded, their sum is the same in any order.
            weight[one.arc] = round(np.nan_to_num(weight[one.arc]) + heavy, 6)
    has_list = "chantiers" in told.documents
    columns = {
        "volume_veh": pl.Series(like.volume, nan_to_null=True).cast(pl.Int64),
        "similar_days": pl.Series(like.days),
        "similar_veh": pl.Series(like.similar, nan_to_null=True),
        "like_ratio": pl.Series(_ratios(like), nan_to_null=True),
        "works_active": pl.Series(active) if has_list else pl.Series([None] * exposed.size),
        "impact_weight": pl.Series(weight, nan_to_null=True),
    }
    frame = pl.concat([told.arcs, pl.DataFrame(columns)], how="horizontal")
    frame = frame.with_columns(_stops(told))
    types = schema(ACROSS_CLEAN)
    return frame.select(pl.col(name).cast(kind) for name, kind in types.items())


def _stops(told: Told) -> list[pl.Series]:
    """Disrupted and blocked stops near each arc, by the names of their columns."""
    names = ("disrupted_stops", "blocked_stops")
    arcs = told.arcs.select("arc_id")
    if told.stops is None:
        return [pl.Series(name, [None] * arcs.height, dtype=pl.Int64) for name in names]
    counts = pl.len().cast(pl.Int64), (pl.col("blocked_s") > 0).sum().cast(pl.Int64)
    near = told.stops.group_by("arc_id").agg(
        count.alias(name) for name, count in zip(names, counts, strict=True)
    )
    joined = arcs.join(near, on="arc_id", how="left", maintain_order="left")
    return joined.select(pl.col(names).fill_null(0)).get_columns()


def _ratios(like: Like) -> Any:
    has_both = like.compared & (like.similar > 0)
    return np.where(has_both, like.volume / np.where(has_both, like.similar, 1), np.nan)


def _areas(told: Told, zones: Any) -> list[Row]:
    roads = {
        row["arrondissement"]: row for row in told.documents["roads_analysis"]["arrondissements"]
    }
    works = _by_zone(told.documents.get("chantiers"))
    transit = _by_zone(told.documents.get("traffic"))
    names = sorted(set(zones.tolist()), key=lambda name: (not name.isdigit(), name.zfill(2)))
    nothing = {"active": 0, "impact_weight": None, "exposed_arcs": 0}
    found = []
    for name in names:
        of_works = None if works is None else works.get(name, nothing)
        found.append(
            {
                "arrondissement": name,
                **told.like.sums(zones == name),
                **_of(roads.get(name), "tti_area", "index_coverage"),
                "works_active": of_works and of_works["active"],
                **_of(of_works, "impact_weight", "exposed_arcs"),
                **_of(transit.get(name) if transit else None, *_OF_STOPS),
            }
        )
    return found


def _city(told: Told, compared: int) -> Row:
    works = told.documents.get("chantiers")
    everything = np.ones(told.arcs.height, dtype=np.bool_)
    totals = None if works is None or works["status"] == "no_data" else works["totals"]
    return {
        **told.like.sums(everything),
        "similar_days": len(told.similar),
        "works_active": totals and totals["active"],
        "exposed_arcs": totals and totals["exposed_arcs"],
        "works_compared": compared,
        **_of(told.documents["roads_analysis"]["totals"], "tti_area", "index_coverage"),
    }


def _by_zone(document: Json | None) -> dict[str, Json] | None:
    """What a document says by arrondissement, None where it says nothing."""
    if document is None or document["status"] == "no_data":
        return None
    return {row["arrondissement"]: row for row in document.get("arrondissements", ())}


def _of(row: Json | None, *names: str) -> Row:
    return {name: None if row is None else row[name] for name in names}


def _weather(documents: Mapping[str, Json]) -> AcrossWeather | None:
    document = documents.get("weather")
    if document is None or document["reference"] is None:
        return None
    return AcrossWeather(**_of(document["reference"], *AcrossWeather.model_fields))


def _transit(documents: Mapping[str, Json]) -> AcrossTransit | None:
    document = documents.get("traffic")
    if document is None or document["status"] == "no_data":
        return None
    totals = ("availability", "disrupted_line_h", "coverage")
    stops = ("disrupted_stops", "blocked_stops", "placed_share")
    return AcrossTransit(**_of(document["totals"], *totals), **_of(document.get("stops"), *stops))


def _named(arcs: pl.DataFrame, rows: Sequence[Row]) -> list[Row]:
    """The rows with what is said of their arcs."""
    about = {name: arcs[name].to_list() for name in arcs.columns}
    return [
        {name: value for name, value in row.items() if name != "arc"}
        | {name: values[row["arc"]] for name, values in about.items()}
        for row in rows
    ]


def _largest(known: Sequence[Row]) -> list[Row]:
    ranked = sorted(known, key=lambda r: (-abs(r["work_change"]), r["work_id"], r["arc_id"]))
    return ranked[:ROWS_IN_SUMMARY]


def _conservation(city: Row, areas: Sequence[Row]) -> Check:
    """Red: arrondissements that do not add up to the city are a fault of CityFlow."""
    apart = sum(area["compared_veh"] or 0 for area in areas)
    severity = Severity.GREEN if apart == (city["compared_veh"] or 0) else Severity.RED
    message = f"city {city['compared_veh']}, arrondissements {apart} vehicles compared"
    return Check(name="conservation", severity=severity, message=message)


def _given(documents: Mapping[str, Json]) -> Check:
    """Yellow: of a dataset nothing is published that day."""
    lacking = [name for name in ("chantiers", "traffic", "weather") if name not in documents]
    severity = Severity.YELLOW if lacking else Severity.GREEN
    message = f"not published that day: {', '.join(lacking) or 'nothing'}"
    return Check(name="inputs", severity=severity, message=message)


def _placed(works: Works) -> Check:
    """Yellow: works lie near arcs of the referentiel that no counts know."""
    lost, all_arcs = len(works.unknown_arcs), {one.arc for one in works.exposures}
    severity = Severity.YELLOW if lost else Severity.GREEN
    message = f"{lost:,} arcs near works have no loop known, {len(all_arcs):,} have"
    return Check(name="exposed arcs", severity=severity, message=message)
