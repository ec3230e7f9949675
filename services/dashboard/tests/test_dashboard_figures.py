"""Charts and map from real answers: valid Vega-Lite, nulls kept, nothing from another host."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import pytest

from cityflow.contracts import ComptagesSummary, State
from cityflow.contracts.api import ArcDay, ArcDays
from cityflow_dashboard import figures, network
from cityflow_dashboard.client import Api
from cityflow_dashboard.format import Lang
from cityflow_dashboard.frames import (
    Kind,
    arc_hours_frame,
    arcs_frame,
    history_frame,
    hour_frame,
    hours_frame,
    kind,
    state_of,
    states_frame,
)
from cityflow_dashboard.palette import DARK, LIGHT
from cityflow_dashboard.profiles import bars
from cityflow_dashboard.text import Text

DAY = date(2026, 6, 21)
EDITION = "20260621aaaaaaaaaaaa"
TEXT = Text(Lang.FR)


@pytest.fixture(scope="module")
def api(worlds: str) -> Api:
    return Api(f"{worlds}/full")


@pytest.fixture(scope="module")
def summary(api: Api) -> ComptagesSummary:
    return api.document("comptages", DAY, EDITION)


@pytest.fixture(scope="module")
def arcs(api: Api) -> pd.DataFrame:
    return arcs_frame(api.arcs(DAY, EDITION))


def labels(summary: ComptagesSummary) -> list[str]:
    return [str(hour.hour_of_day) for hour in summary.hourly]


def addresses(value: Any) -> Iterator[str]:
    text = json.dumps(value)
    yield from (word for word in text.replace('"', " ").split() if "://" in word)


@pytest.mark.parametrize(
    ("flow", "occupancy", "expected"),
    [
        (True, True, Kind.BOTH),
        (True, False, Kind.FLOW_ONLY),
        (False, True, Kind.OCCUPANCY_ONLY),
        (False, False, Kind.SILENT),
    ],
)
def test_three_kinds_of_absence(flow: bool, occupancy: bool, expected: Kind) -> None:
    assert kind(flow, occupancy) is expected


@pytest.mark.parametrize(
    ("occupancy", "expected"),
    [
        (None, State.UNKNOWN),
        (0.0, State.FLUID),
        (14.99, State.FLUID),
        (15.0, State.PRE_SATURATED),
        (30.0, State.SATURATED),
        (50.0, State.BLOCKED),
    ],
)
def test_states_by_the_published_bands(occupancy: float | None, expected: State) -> None:
    assert state_of(occupancy) is expected


def test_a_null_flow_stays_null(arcs: pd.DataFrame) -> None:
    silent = arcs[arcs["kind"] == Kind.SILENT]
    assert len(silent) > 0
    assert silent["flow_veh"].isna().all()
    assert not arcs.loc[arcs["kind"] == Kind.BOTH, "flow_veh"].isna().any()


@pytest.mark.parametrize("draw", [figures.flow, figures.occupancy, figures.coverage])
def test_hourly_charts_are_valid(summary: ComptagesSummary, draw: Any) -> None:
    hours = hours_frame(summary.hourly, labels(summary))
    drawn = draw(hours, TEXT, LIGHT).to_dict()
    assert drawn["config"]["locale"]["number"]["decimal"] == ","
    assert all("vega.github.io/schema" in address for address in addresses(drawn))


def test_an_hour_without_a_figure_is_a_gap(summary: ComptagesSummary) -> None:
    hours = hours_frame(summary.hourly, labels(summary))
    hours.loc[3, "flow_veh"] = None
    drawn = figures.flow(hours, TEXT, DARK).to_dict()
    (rows,) = drawn["datasets"].values()
    assert rows[3]["flow_veh"] is None
    assert rows[3]["tip_flow"] == "—"
    assert "3" in drawn["encoding"]["x"]["scale"]["domain"]


def test_state_shares_add_up(summary: ComptagesSummary) -> None:
    shares = states_frame(summary.hourly, labels(summary))
    assert shares.groupby("position")["share_pct"].sum().round(6).eq(100).all()
    assert figures.states(shares, TEXT, LIGHT).to_dict()["mark"]["type"] == "bar"


def test_the_map_has_every_arc_with_a_geometry(arcs: pd.DataFrame) -> None:
    spec = network.network(network.by_state(arcs), TEXT, LIGHT)
    features = spec["datasets"]["arcs"]
    assert len(features) == arcs["geometry"].notna().sum() < len(arcs)
    assert all("vega.github.io/schema" in address for address in addresses(spec))
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["geoshape"] * len(Kind)


def test_width_is_flow_and_hue_is_state(arcs: pd.DataFrame) -> None:
    spec = network.network(network.by_state(arcs), TEXT, LIGHT)
    drawn = [feature["properties"] for feature in spec["datasets"]["arcs"]]
    widths = [d["width"] for d in drawn if d["kind"] in (Kind.BOTH, Kind.FLOW_ONLY)]
    assert widths == sorted(widths)
    assert max(widths) == network.WIDEST
    assert {d["width"] for d in drawn if d["kind"] == Kind.SILENT} == {network.THIN}
    assert {d["colour"] for d in drawn if d["kind"] == Kind.SILENT} == {LIGHT.absent}


def test_saturated_hours_of_an_arc_without_occupancy_are_not_zero(arcs: pd.DataFrame) -> None:
    coloured = network.by_saturated_hours(arcs)
    unknown = coloured["occupancy_mean_pct"].isna()
    assert (coloured.loc[unknown, "hue"] == State.UNKNOWN).all()
    six = coloured[~unknown & (coloured["saturated_hours"] >= 6)]
    assert (six["hue"] == State.BLOCKED).all()


def test_an_arc_without_a_row_in_the_hour_is_silent(arcs: pd.DataFrame, api: Api) -> None:
    rows = [row for row in api.arc_hours(DAY, EDITION, 8) if row.arc_id != "1005"]
    shown = network.in_hour(arcs, hour_frame(rows))
    assert len(shown) == len(arcs)
    missing = shown[shown["arc_id"] == "1005"].iloc[0]
    assert (missing["kind"], missing["state"]) == (Kind.SILENT, State.UNKNOWN)
    assert len(network.network(network.by_state(shown), TEXT, DARK)["datasets"]["arcs"]) > 250


def test_coordinates_keep_a_metre(arcs: pd.DataFrame) -> None:
    spec = network.network(network.by_state(arcs), TEXT, LIGHT)
    lon, lat = spec["datasets"]["arcs"][0]["geometry"]["coordinates"][0][:2]
    numbers = (lon, lat) if isinstance(lon, float) else (*lon, *lat)
    assert all(round(number, 5) == number for number in numbers)


def test_hours_of_an_arc_stand_in_line_with_the_day(api: Api, summary: ComptagesSummary) -> None:
    rows = api.hours_of_arc(DAY, EDITION, "1000")
    ends = [hour.hour_end for hour in summary.hourly]
    table = arc_hours_frame(rows[1:], ends, labels(summary))
    assert len(table) == 24
    assert pd.isna(table.loc[0, "flow_veh"])
    assert table.loc[0, "flow_coverage_pct"] == 0


def test_days_without_a_figure_are_gaps(api: Api) -> None:
    found = api.arc_days("1000", date(2026, 6, 10), DAY)
    table = history_frame(found)
    assert len(table) == 12
    assert table["flow_veh"].notna().sum() <= 4
    domain = figures.history(table, TEXT, LIGHT).to_dict()["encoding"]["x"]["scale"]["domain"]
    assert len(domain) == 12


def test_a_month_without_any_figure_is_drawn(api: Api) -> None:
    found = api.arc_days("1000", DAY, DAY)
    absent = ArcDay(day=DAY, edition=EDITION, status="absent", figures=None)
    table = history_frame(ArcDays(**(dict(found) | {"days": (absent,)})))
    assert figures.history(table, TEXT, LIGHT).to_dict()["mark"]["type"] == "bar"


@pytest.mark.parametrize(
    ("values", "scale"), [([0.0, 0.0], {"domain": [0, 1]}), ([0.0, 0.4], {"zero": True})]
)
def test_a_day_of_zeros_has_an_axis(values: list[float], scale: dict[str, Any]) -> None:
    hours = pd.DataFrame({"label": ["0 h", "1 h"], "value": values, "coverage_pct": [100.0, 100.0]})
    drawn = json.dumps(bars("weather.rain", hours, TEXT, LIGHT).to_dict())
    assert f'"scale": {json.dumps(scale)}' in drawn
