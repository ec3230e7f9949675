"""Flows and bottlenecks of earlier days, brought to the arcs of a day."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from cityflow_processor.roads.before import HOURS, Before, Flows, Looks, Other
from cityflow_processor.roads.grid import Bools, Ints
from cityflow_processor.roads.reliability import FIRST_HOUR, Indices, thousandths
from cityflow_processor.roads.reliability import HOURS as OF_DAY
from cityflow_processor.roads.volumes import WEEKDAYS, MonthFlows

OF_HOURS: Final = ("arc_id", "hour_of_day", "flow_veh", "is_anomaly")
OF_HEADS: Final = ("arc_id",)
OF_INDEX: Final = ("arc_id", "hour_of_day", "tti")
# The last eight days of each type that is not rare; a day is some 300 KB.
_DAYS_HELD: Final = 72
Read = Callable[[date, str, str, tuple[str, ...]], pl.DataFrame]
"""Columns of a table of an edition: day, edition, name of the table, columns."""


@dataclass(frozen=True)
class _Day:
    """Sound flow by arc (its code) and local hour; arcs with an anomaly are told apart."""

    arcs: Ints
    flow: Flows
    anomalous: Bools


@dataclass
class EarlierDays:
    """What days look back at; those looked at last are held."""

    read: Read
    _codes: dict[str, int] = field(init=False, default_factory=dict)
    _flows: OrderedDict[tuple[date, str], _Day] = field(init=False, default_factory=OrderedDict)
    _heads: dict[tuple[date, str], Ints] = field(init=False, default_factory=dict)
    _indices: dict[tuple[date, str], tuple[Ints, Indices]] = field(init=False, default_factory=dict)

    def before(
        self, arcs: Sequence[str], looks: Looks, editions: Mapping[date, str], health: pl.DataFrame
    ) -> Before:
        """All that a day with these arcs is measured against."""
        heads = [self._heads_of(day, editions[day]) for day in looks.working]
        same = [self._flows_of(day, editions[day]) for day in looks.same]
        group = [self._flows_of(day, editions[day]) for day in looks.group]
        others = [self._flows_of(day, editions[day]) for _, day in looks.others]
        own = self._code(arcs)
        place = np.full(len(self._codes), -1, dtype=np.int64)
        place[own] = np.arange(own.size)
        active = np.zeros(own.size, dtype=np.int64)
        for codes in heads:
            at = place[codes]
            active[at[at >= 0]] += 1
        compared = [
            Other(basis, day, _placed(place, own.size, one, np.ones_like(one.anomalous)))
            for (basis, day), one in zip(looks.others, others, strict=True)
        ]
        return Before(
            health,
            _stacked(place, own.size, same),
            _stacked(place, own.size, group),
            tuple(compared),
            active,
        )

    def month(self, editions: Mapping[date, str]) -> MonthFlows:
        """Flow of these days by arc, weekday and local hour, anomalies and all."""
        held = [(day, self._flows_of(day, of)) for day, of in editions.items()]
        shape = (len(self._codes), WEEKDAYS, HOURS)
        flow, hours = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for day, one in held:
            known = ~np.isnan(one.flow)
            flow[one.arcs, day.weekday()] += np.where(known, one.flow, 0).astype(np.int64)
            hours[one.arcs, day.weekday()] += known
        names = sorted(name for name, code in self._codes.items() if hours[code].any())
        codes = self._code(names)
        return MonthFlows(names, flow[codes], hours[codes])

    def indices(self, editions: Mapping[date, str]) -> tuple[list[str], dict[date, Indices]]:
        """Congestion indices of these days, and the arcs in their order; other days go."""
        keys = list(editions.items())
        held = {key: self._indices.get(key) or self._day_indices(*key) for key in keys}
        self._indices = held
        seen = np.zeros(len(self._codes), dtype=np.bool_)
        for codes, _ in held.values():
            seen[codes] = True
        names = sorted(name for name, code in self._codes.items() if seen[code])
        place = np.full(len(self._codes), -1, dtype=np.int64)
        place[self._code(names)] = np.arange(len(names))
        found = {}
        for (day, _), (codes, values) in held.items():
            found[day] = np.zeros((len(names), OF_DAY), dtype=np.uint16)
            found[day][place[codes]] = values
        return names, found

    def _day_indices(self, day: date, edition: str) -> tuple[Ints, Indices]:
        table = self.read(day, edition, "index", OF_INDEX)
        hour = pl.col("hour_of_day") - FIRST_HOUR
        rows = table.with_columns(hour).filter(pl.col("hour_of_day").is_between(0, OF_DAY - 1))
        runs = rows["arc_id"].rle_id().to_numpy().astype(np.int64)
        names = rows["arc_id"].rle().struct.field("value").to_list()
        values = np.zeros((len(names), OF_DAY), dtype=np.uint16)
        values[runs, rows["hour_of_day"].to_numpy()] = thousandths(rows["tti"].to_numpy())
        return self._code(names), values

    def _flows_of(self, day: date, edition: str) -> _Day:
        key = day, edition
        if key not in self._flows:
            self._flows[key] = self._day(self.read(day, edition, "hours", OF_HOURS))
        self._flows.move_to_end(key)
        while len(self._flows) > _DAYS_HELD:
            self._flows.popitem(last=False)
        return self._flows[key]

    def _day(self, hours: pl.DataFrame) -> _Day:
        runs = hours["arc_id"].rle_id().to_numpy().astype(np.int64)
        names = hours["arc_id"].rle().struct.field("value").to_list()
        flow = np.full((len(names), HOURS), np.nan, dtype=np.float32)
        # Of two hours with the same name in autumn the second, which comes later, stays.
        flow[runs, hours["hour_of_day"].to_numpy()] = hours["flow_veh"].to_numpy()
        anomalous = np.bincount(runs, hours["is_anomaly"].to_numpy(), len(names)) > 0
        return _Day(self._code(names), flow, anomalous)

    def _heads_of(self, day: date, edition: str) -> Ints:
        key = day, edition
        if key not in self._heads:
            names = self.read(day, edition, "bottlenecks", OF_HEADS)["arc_id"].to_list()
            self._heads[key] = self._code(names)
        return self._heads[key]

    def _code(self, arcs: Iterable[str]) -> Ints:
        codes = self._codes
        return np.array([codes.setdefault(arc, len(codes)) for arc in arcs], dtype=np.int64)


def _placed(place: Ints, arcs: int, day: _Day, wanted: Bools) -> Flows:
    found = np.full((arcs, HOURS), np.nan, dtype=np.float32)
    at = place[day.arcs]
    kept = (at >= 0) & wanted
    found[at[kept]] = day.flow[kept]
    return found


def _stacked(place: Ints, arcs: int, days: Sequence[_Day]) -> Flows:
    found = [_placed(place, arcs, day, ~day.anomalous) for day in days]
    return np.stack(found) if found else np.empty((0, arcs, HOURS), dtype=np.float32)
