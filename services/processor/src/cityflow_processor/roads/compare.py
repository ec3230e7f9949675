"""The day against its typical day and against other days, on the arcs that both have."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from cityflow.calendar import hour_ends, hour_of_day
from cityflow.contracts.roads import RoadsComparison, RoadsTypical
from cityflow.contracts.roads_tables import ROADS_ARC_DAYS
from cityflow_processor.comptages.tally import share
from cityflow_processor.records.likeness import kind_of
from cityflow_processor.roads.before import Other
from cityflow_processor.roads.grid import Bools, Floats, Ints
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.roads.typical import BANDS, SOURCES, Deviations
from cityflow_processor.tables import conform

_PLACE: Final = ("label", "arrondissement")
_USED: Final = tuple((at, name) for at, name in enumerate(SOURCES) if at)


def against_typical(flow: Floats, found: Deviations, groups: Ints, count: int) -> list[Any]:
    """The fields of RoadsTypical by group; `groups` has the group of each arc-hour.

    Typical flows are multiples of a half, so that their sums are exact in any order.
    """
    sound, compared = ~np.isnan(flow), found.compared

    def number(where: Bools) -> list[int]:
        found_there: list[int] = np.bincount(groups[where], minlength=count).tolist()
        return found_there

    def total(values: Floats) -> Floats:
        summed: Floats = np.bincount(groups[compared], values[compared], count).astype(np.float64)
        return summed

    hours, known = number(sound), number(compared)
    counted, usual = total(flow), total(found.typical.flow)
    sources = {name: number(compared & (found.typical.source == at)) for at, name in _USED}
    bands = {name: number(found.band == at) for at, name in enumerate(BANDS)}
    return [
        RoadsTypical(
            flow_hours=hours[at],
            compared_hours=known[at],
            compared_share=share(known[at], hours[at]),
            compared_flow_veh=int(counted[at]) if known[at] else None,
            typical_flow_veh=float(usual[at]) if known[at] else None,
            flow_ratio=float(counted[at] / usual[at]) if usual[at] else None,
            **{f"{name}_hours": of[at] for name, of in (sources | bands).items()},
        ).model_dump()
        for at in range(count)
    ]


def arc_days(arcs: pl.DataFrame, flow: Floats, found: Deviations, expected: int) -> pl.DataFrame:
    """The arcs with a sound flow (contract ROADS_ARC_DAYS); `expected` hours of each."""
    sound, compared = ~np.isnan(flow), found.compared
    hours, known = sound.sum(axis=1), compared.sum(axis=1)
    counted = np.where(sound, flow, 0).sum(axis=1)
    usual = np.where(compared, found.typical.flow, 0).sum(axis=1)
    matched = np.where(compared, flow, 0).sum(axis=1)
    has_adt = hours >= limits()["adt_hours"]
    columns = {
        "flow_veh": pl.Series(counted).cast(pl.Int64),
        "flow_hours": pl.Series(hours),
        "expected_hours": pl.Series(np.full(hours.size, expected)),
        "adt_veh": pl.Series(np.where(has_adt, counted, np.nan)),
        "compared_hours": pl.Series(known),
        "compared_flow_veh": pl.Series(np.where(known > 0, matched, np.nan)),
        "typical_flow_veh": pl.Series(np.where(known > 0, usual, np.nan)),
        "flow_ratio": pl.Series(
            np.where(usual > 0, matched / np.where(usual > 0, usual, 1), np.nan)
        ),
    }
    figures = pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))
    frame = pl.concat([arcs.select("arc_id", *_PLACE), figures], how="horizontal")
    return conform(frame.filter(pl.col("flow_hours") > 0), ROADS_ARC_DAYS)


def comparisons(day: date, flow: Floats, others: Sequence[Other]) -> list[RoadsComparison]:
    """The day against other days; `flow` is that of sound arcs by local hour.

    Silent where fewer arcs than `panel_arcs` have 80 % of the hours in both.
    """
    return [found for other in others if (found := _compared(day, flow, other)) is not None]


def _compared(day: date, flow: Floats, other: Other) -> RoadsComparison | None:
    panel = _has_its_hours(flow, day) & _has_its_hours(other.flow.astype(np.float64), other.day)
    if panel.sum() < limits().whole("panel_arcs"):
        return None
    both = panel[:, None] & ~np.isnan(flow) & ~np.isnan(other.flow)
    now, then = int(flow[both].sum()), int(other.flow[both].sum(dtype=np.float64))
    return RoadsComparison(
        basis=other.basis,
        compared_day=other.day,
        compared_day_type=kind_of(other.day).value,
        panel_arcs=int(panel.sum()),
        panel_share=share(int(panel.sum()), int((~np.isnan(flow)).any(axis=1).sum())),
        panel_hours=int(both.sum()),
        flow_veh=now,
        flow_before_veh=then,
        change=now / then - 1 if then else None,
    )


def _has_its_hours(flow: Floats, day: date) -> Bools:
    hours = len({hour_of_day(end) for end in hour_ends(day)})
    enough: Bools = (~np.isnan(flow)).sum(axis=1) >= limits()["panel_share"] * hours
    return enough
