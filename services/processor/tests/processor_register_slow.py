"""The filtered views worked out again, hour by hour, with nothing but the standard library."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

HOUR = timedelta(hours=1)
Row = dict[str, Any]


def is_covered(one: Row, sensor: str, measure: str, begin: datetime, end: datetime) -> bool:
    """Whether any second of an hour lies in a range that is of this sensor and measure."""
    if one["sensor"] not in (None, sensor) or one["measure"] not in (None, measure):
        return False
    seconds = [begin + timedelta(seconds=n) for n in range(int((end - begin).total_seconds()))]
    return any(s >= one["start"] and (one["end"] is None or s < one["end"]) for s in seconds)


def arc_hours(rows: Sequence[Row], ranges: Sequence[Row]) -> list[Row]:
    """The road table without what the ranges cover."""
    found = []
    for row in rows:
        hour = (row["hour_end"] - HOUR, row["hour_end"])
        left = dict(row)
        if any(is_covered(one, row["arc_id"], "flow_veh", *hour) for one in ranges):
            left["flow_veh"] = None
        if any(is_covered(one, row["arc_id"], "occupancy_pct", *hour) for one in ranges):
            left |= {"occupancy_pct": None, "state": "unknown"}
        found.append(left)
    return found


def counter_hours(rows: Sequence[Row], ranges: Sequence[Row]) -> list[Row]:
    """The bike table without what the ranges cover."""
    found = []
    for row in rows:
        hour = (row["hour_start"], row["hour_start"] + HOUR)
        left = dict(row)
        if any(is_covered(one, row["counter_id"], "bikes", *hour) for one in ranges):
            left |= {"bikes": None, "deviation": None, "band": None, "is_spike": 0}
        found.append(left)
    return found
