"""What the detectors flag on a day, read from its current editions: kept apart, never stored.

A day that is processed again has the flags of its new edition and no others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

import polars as pl

from cityflow.calendar import HOUR, day_bounds
from cityflow.contracts import Dataset
from cityflow.contracts.register import AnomalousRange, Measure, Registered
from cityflow.storage import Editions, Store, layout
from cityflow_processor.published import table
from cityflow_processor.register.book import place

WHO: Final = "CityFlow"
# A feed that is down, or a loop of one of the two values, says nothing against what it counts.
_NO_FAULT: Final = ("good", "flow_only", "occupancy_only", "feed_down", "no_rows")
_SPIKE: Final = "spike"


@dataclass(frozen=True)
class _Source:
    """The table that holds the statuses of a dataset's sensors."""

    dataset: str
    table: str
    sensor: str
    measure: Measure | None


_SOURCES: Final[dict[Registered, _Source]] = {
    "comptages": _Source(Dataset.ROADS_ANALYSIS.value, "health", "arc_id", None),
    "bikes": _Source(Dataset.BIKES.value, "counters", "counter_id", "bikes"),
}


def flags(store: Store, dataset: Registered, day: date) -> list[AnomalousRange]:
    """The flags of a day's current edition: the whole day of a faulty sensor, the hours of a spike.

    None of a day that is not published, or has no data. Raises StoreUnavailable.
    """
    source = _SOURCES[dataset]
    pointer = Editions(store).current(source.dataset, day)
    if pointer is None or pointer.status == "no_data":
        return []
    where = source.dataset, day, pointer.edition
    statuses = table(store, layout.table(*where, source.table))
    start, end = day_bounds(day)
    spans = [
        (sensor, status, start, end)
        for sensor, status in statuses.select(source.sensor, "status").iter_rows()
        if status not in (*_NO_FAULT, _SPIKE)
    ]
    if dataset == "bikes":
        hours = table(store, layout.table(*where, "counter_hours"))
        spikes = hours.filter(pl.col("is_spike") == 1).select("counter_id", "hour_start")
        spans += [(sensor, _SPIKE, at, at + HOUR) for sensor, at in spikes.iter_rows()]
    found = {
        AnomalousRange(
            dataset=dataset,
            sensor=sensor,
            measure=source.measure,
            start=since,
            end=until,
            problem=problem,
            who=WHO,
            noted_at=pointer.published_at,
        )
        for sensor, problem, since, until in spans
    }
    return sorted(found, key=place)


def joined(found: Sequence[AnomalousRange]) -> Iterator[AnomalousRange]:
    """The same with ranges of one sensor, measure and problem that touch made one."""

    def kind(one: AnomalousRange) -> tuple[str, str, str, str]:
        return one.dataset, one.sensor or "", one.measure or "", one.problem

    for _, same in groupby(sorted(found, key=lambda one: (kind(one), one.start)), kind):
        yield from _touching(same)


def _touching(ranges: Iterable[AnomalousRange]) -> Iterator[AnomalousRange]:
    last: AnomalousRange | None = None
    for one in ranges:
        if last is not None and last.end is not None and one.start <= last.end:
            last = last.model_copy(update={"end": one.end})
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last
