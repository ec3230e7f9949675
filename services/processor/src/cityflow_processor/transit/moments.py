"""What was going on at 08:30 and 18:00, by the last snapshot before; its age is said."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import polars as pl

from cityflow_processor.transit.disruptions import STOP, UNKNOWN, Disruption, last_versions
from cityflow_processor.transit.periods import localise

MOMENTS: Final = (time(8, 30), time(18, 0))
Row = dict[str, Any]


def moments(day: date, answered: pl.DataFrame) -> tuple[list[Row], list[Row]]:
    """What the summary shows of each moment, and the rows of the table, by mode and severity."""
    shown, rows = [], []
    for local in MOMENTS:
        at = localise(datetime.combine(day, local), is_end=False)
        taken, active = _active(answered, at)
        name = f"{local:%H:%M}"
        shown.append({"local_time": name, "at": at} | _counts(at, taken, active))
        rows += [
            {"local_time": name, "mode": mode, "severity": severity, "snapshot_at": taken} | counts
            for (mode, severity), counts in sorted(_by_mode(active).items())
        ]
    return shown, rows


def _active(answered: pl.DataFrame, at: datetime) -> tuple[datetime | None, list[Disruption]]:
    earlier = answered.filter(pl.col("snapshot_at") <= at)
    if not earlier.height:
        return None, []
    last = earlier.row(-1, named=True)
    found = last_versions(earlier.filter(pl.col("answer") == last["answer"]))
    instant = int(at.timestamp())
    return last["snapshot_at"], [one for one in found if one.is_active(instant)]


def _counts(at: datetime, taken: datetime | None, active: Sequence[Disruption]) -> Row:
    if taken is None:
        names = ("snapshot_at", "snapshot_age_min", "blocking", "disrupted", "information",
                 "lines_blocked", "lines_disrupted")  # fmt: skip
        return dict.fromkeys(names)
    severities = [one.severity for one in active]
    serious = [(one, line) for one in active if one.disrupts for line in one.lines]
    blocked = {li[0] for one, li in serious if one.severity == "blocking" and li[4] != STOP}
    return {
        "snapshot_at": taken,
        "snapshot_age_min": (at - taken) / timedelta(minutes=1),
        **{name: severities.count(name) for name in ("blocking", "disrupted", "information")},
        "lines_blocked": len(blocked),
        "lines_disrupted": len({line[0] for _, line in serious}),
    }


def _by_mode(active: Sequence[Disruption]) -> dict[tuple[str, str], Row]:
    """Disruptions and lines by mode and severity; without a line the mode is `unknown`."""
    messages: dict[tuple[str, str], set[str]] = defaultdict(set)
    lines: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in active:
        for mode in {line[2] for line in one.lines} or {UNKNOWN}:
            messages[mode, one.severity].add(one.disruption_id)
            lines[mode, one.severity].update(line[0] for line in one.lines if line[2] == mode)
    return {key: {"disruptions": len(messages[key]), "lines": len(lines[key])} for key in messages}
