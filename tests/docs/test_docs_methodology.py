"""Every figure of the road analysis, of `across` and `register` is explained in methodology.md."""

import re
from pathlib import Path

import pytest

from cityflow.contracts.across import (
    AcrossCity,
    AcrossSummary,
    AcrossTransit,
    AcrossWeather,
    AcrossZone,
    WorkEffect,
)
from cityflow.contracts.across_tables import ACROSS_TABLES
from cityflow.contracts.base import DocumentBase, PublishedDocument
from cityflow.contracts.register import (
    AnomalousRange,
    FilteredView,
    RegisterEntry,
    RegisterSummary,
)
from cityflow.contracts.register_tables import REGISTER_TABLES
from cityflow.contracts.roads import (
    Bottleneck,
    CalibrationSummary,
    HealthCount,
    Repair,
    RoadsAnomaly,
    RoadsComparison,
    RoadsExpanded,
    RoadsFullness,
    RoadsIndex,
    RoadsSpeed,
    RoadsSummary,
    RoadsTypical,
)
from cityflow.contracts.roads_tables import CALIBRATION_TABLES, ROADS_TABLES, YEAR_TABLES
from cityflow.contracts.roads_year import PeriodReliability, RoadsYearSummary, YearComparison

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methodology.md"
MODELS = (
    *(RoadsSummary, CalibrationSummary, RoadsIndex, RoadsTypical, RoadsComparison),
    *(RoadsExpanded, RoadsAnomaly, RoadsFullness, RoadsSpeed, Bottleneck, HealthCount, Repair),
    *(RoadsYearSummary, YearComparison, PeriodReliability),
    *(AcrossSummary, AcrossCity, AcrossZone, AcrossTransit, AcrossWeather, WorkEffect),
    *(RegisterSummary, FilteredView, AnomalousRange, RegisterEntry),
)
OF_THE_EDITION = {
    *("status", "method_version", "thresholds_version", "writer_version", "context", "quality"),
    *("totals", "hourly", "arrondissements", "past"),
}
PLACES = {
    *("arc_id", "label", "arrondissement", "length_m", "hour_end", "hour_of_day", "arc_status"),
    *("flow_veh", "flow_hours", "occupancy_hours", "last_rows", "hours", "pace"),
    *("vkt_veh_km", "vht_veh_h"),
    *("range", "occupancy_pct", "state", "mode", "hour_start"),
}


def published() -> set[str]:
    ours = {name for model in MODELS for name in model.model_fields}
    tables = (*ROADS_TABLES, *CALIBRATION_TABLES, *YEAR_TABLES, *ACROSS_TABLES, REGISTER_TABLES[0])
    every = {c.name for t in tables for c in t.columns} | ours
    base = {*PublishedDocument.model_fields, *DocumentBase.model_fields}
    return every - base - OF_THE_EDITION - PLACES


def explained() -> dict[str, set[str]]:
    """Fields by section, as its line `Fields:` names them."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    found = {}
    for section in sections:
        line = re.search(r"^Fields: (.*?)\.\n\n", section, re.DOTALL | re.MULTILINE)
        if line:
            found[section.partition("\n")[0]] = set(re.findall(r"`(\w+)`", line[1]))
    return found


def test_every_published_field_has_a_section() -> None:
    assert published() - set().union(*explained().values()) == set()


def test_every_explained_field_is_published() -> None:
    assert set().union(*explained().values()) - published() - {"status"} == set()


@pytest.mark.parametrize("section", sorted(explained()))
def test_a_section_says_what_the_figure_is_not(section: str) -> None:
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    assert "not" in text and ("Limits" in text or "Silent" in text)
