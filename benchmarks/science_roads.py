"""What was injected into the loops of a city, beside what they published, day by day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import polars as pl

from cityflow.calendar import day_type
from cityflow_processor.records.likeness import same_group, same_type
from cityflow_processor.roads.grid import Bools, Floats, Grid, grid
from cityflow_processor.roads.thresholds import limits

HOUR_S: Final = 3_600
_SCHOOL_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass(frozen=True)
class RoadDay:
    """A day's published matrix, and by arc and hour what was injected.

    `left` is the share of the flow that works and changes left (1: nothing happened), `causes` the
    arcs and hours of each kind of it, `broken` those of each kind of loop out of order.
    """

    day: date
    grid: Grid
    left: Floats
    causes: Mapping[str, Bools]
    broken: Mapping[str, Bools]

    @property
    def out_of_order(self) -> Bools:
        """Arc-hours in which the loop was out of order in any way."""
        nothing = np.zeros(self.left.shape, dtype=np.bool_)
        found: Bools = np.any([nothing, *self.broken.values()], axis=0)
        return found


def road_day(
    day: date, told: Mapping[str, Any], arcs: pl.DataFrame, hours: pl.DataFrame
) -> RoadDay:
    """A day from its truth and the published tables `arcs` and `arc_hours`."""
    matrix = grid(day, arcs, hours)
    place = {arc: at for at, arc in enumerate(matrix.arcs["arc_id"].to_list())}
    held = sorted(set(hours["hour_end"].dt.epoch("s").to_list()))
    column = {int(end) * HOUR_S: at for at, end in enumerate(matrix.hours.tolist())}
    left = np.ones_like(matrix.flow)
    causes: dict[str, Bools] = {}
    broken: dict[str, Bools] = {}

    def at(one: Mapping[str, Any]) -> tuple[int, list[int]]:
        first = held.index(int(datetime.fromisoformat(one["first_stamp"]).timestamp()))
        return place[one["arc"]], [column[end] for end in held[first : first + one["hours"]]]

    def note(into: dict[str, Bools], kind: str, where: Any) -> None:
        into.setdefault(kind, np.zeros_like(left, dtype=np.bool_))[where] = True

    for one in told["stuck"]:
        note(broken, one["kind"], at(one))
    for one in told["changes"]:
        left[at(one)] *= one["flow_left"]
        note(causes, one["kind"], at(one))
    for one in told["works"]:
        left[place[one["arc"]]] *= one["flow_left"]
        note(causes, "works", (place[one["arc"]], slice(None)))
    return RoadDay(day, matrix, left, causes, broken)


@dataclass(frozen=True)
class Usual:
    """Median and spread of arc-hours, NaN where too few like days are known.

    `moved`: the arc-hours of which enough like days for a typical one were changed.
    """

    flow: Floats
    spread: Floats
    moved: Bools


@dataclass
class History:
    """Flows of earlier days as they were without faults: what a perfect observer would know."""

    days: dict[date, tuple[list[str], Floats, Floats, Floats]] = field(default_factory=dict)

    def note(self, today: RoadDay, sound: Bools, usable: Bools) -> None:
        """Remember a day: flows of `sound` arcs, and of `usable` ones those later days compare."""
        flow = np.where(sound[:, None], today.grid.flow, np.nan)
        worth = (flow >= limits()["pace_veh"]) & (today.grid.occupancy > 0)
        by_hour = np.full((flow.shape[0], 24), np.nan)
        changed = np.full_like(by_hour, np.nan)
        for at, start in enumerate(today.grid.starts.tolist()):
            far = np.abs(today.left[:, at] - 1) >= limits()["change_share"]
            here = np.where(usable & ~far, flow[:, at], np.nan)
            by_hour[:, start] = np.where(np.isnan(here), by_hour[:, start], here)
            moved = far | today.out_of_order[:, at]
            changed[:, start] = np.where(np.isnan(today.grid.flow[:, at]), np.nan, moved)
        names = today.grid.arcs["arc_id"].to_list()
        self.days[today.day] = names, by_hour, np.where(worth, flow, np.nan), changed

    def usual(self, today: RoadDay) -> Usual:
        """What is typical of the hours of a day: of its type, else of the group of its type."""
        value = limits()
        names = today.grid.arcs["arc_id"].to_list()
        flow = np.full((len(names), 24), np.nan)
        spread = np.full_like(flow, np.nan)
        moved = np.zeros(flow.shape, dtype=np.bool_)
        kind = day_type(today.day)
        back = value["typical_year" if kind in _SCHOOL_DAYS else "typical_season"]
        earlier = [one for one in sorted(self.days) if (today.day - one).days <= back]
        for like in (same_group, same_type):
            days = list(like(today.day, earlier))[-value.whole("typical_days") :]
            if len(days) < value.whole("typical_least"):
                continue
            held = [self.days[day] for day in days]
            shifts = np.stack([_of(names, one[0], one[3]) for one in held])
            moved |= (shifts == 1).sum(axis=0) >= value["typical_least"]
            stack = np.stack([_of(names, *one[:2]) for one in held])
            known = (~np.isnan(stack)).sum(axis=0) >= value["typical_least"]
            stack = np.where(known, stack, 0.0)
            middle = np.nanmedian(stack, axis=0)
            mad = np.nanmedian(np.abs(stack - middle), axis=0)
            number = (~np.isnan(stack)).sum(axis=0)
            own = value["mad_scale"] * mad * number / (number - value["mad_few"])
            flow, spread = np.where(known, middle, flow), np.where(known, own, spread)
        spread = np.maximum(spread, _least(flow, spread))
        starts = today.grid.starts
        return Usual(flow[:, starts], spread[:, starts], moved[:, starts])

    def levels(self, month: date, names: list[str]) -> Iterator[tuple[str, Floats]]:
        """Flows of each arc that its month is calibrated with."""
        days = [one for one in self.days if 0 < (month - one).days <= limits()["calibration_days"]]
        held = [_of(names, self.days[day][0], self.days[day][2]) for day in days]
        whole = np.concatenate(held, axis=1) if held else np.empty((len(names), 0))
        for name, flows in zip(names, whole, strict=True):
            yield name, flows[~np.isnan(flows)]


def _least(flow: Floats, spread: Floats) -> Floats:
    """The least spread of arcs × hours: the usual share of the arc's hours, and counting noise."""
    share = np.full((flow.shape[0], 1), np.nan)
    for at, (flows, spreads) in enumerate(zip(flow, spread, strict=True)):
        worth = flows > 0
        share[at] = np.median(spreads[worth] / flows[worth]) if worth.any() else np.nan
    found: Floats = np.maximum(share * flow, limits()["count_noise"] * np.sqrt(flow))
    return found


def _of(names: list[str], held: list[str], values: Floats) -> Floats:
    """Rows of the arcs asked for; NaN for those that are not held."""
    place = {name: at for at, name in enumerate(held)}
    found = np.full((len(names), values.shape[1]), np.nan)
    for at, name in enumerate(names):
        if name in place:
            found[at] = values[place[name]]
    return found
