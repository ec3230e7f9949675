"""The gates of the bike counters: conservation, and those that look at earlier days."""

from datetime import date

import polars as pl

from cityflow.contracts import Check, Severity
from cityflow_processor.bikes.thresholds import limits
from cityflow_processor.records.history_gates import Fullness, history_gates


def audit(
    day: date, counters: pl.DataFrame, past: pl.DataFrame, records: pl.DataFrame
) -> list[Check]:
    """Yellow at worst, but for a fault of CityFlow: a day unlike those before it is published, and
    said.
    """
    by_day = past.group_by("day").agg(
        pl.col("hours").sum(),
        pl.col("expected_hours").sum(),
        (pl.col("hours") > 0).sum().alias("present"),
    )
    checks = [_conservation(counters, records)]
    if not records.height:
        return checks
    now = Fullness(
        day,
        int(counters["hours"].sum()),
        int(counters["expected_hours"].sum()),
        int((counters["hours"] > 0).sum()),
    )
    before = [Fullness(**row) for row in by_day.sort("day").to_dicts()]
    missing = counters.filter(pl.col("hours") == 0)["counter_id"].to_list()
    return [*checks, *history_gates(now, before, missing, "counter", limits())]


def _conservation(counters: pl.DataFrame, records: pl.DataFrame) -> Check:
    """Red: counters that do not add up to the records are a fault of CityFlow."""
    of_records = (int(records["bikes"].sum()), records.height - records["bikes"].null_count())
    of_counters = (int(counters["bikes"].sum()), int(counters["hours"].sum()))
    same = of_records == of_counters
    said = "counters add up to the records" if same else f"{of_records} is not {of_counters}"
    severity = Severity.GREEN if same else Severity.RED
    return Check(name="conservation", severity=severity, message=said)
