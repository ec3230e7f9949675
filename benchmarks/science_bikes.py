"""Bike counters against the truth: which faults are due a flag, and which flags are due."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from cityflow_processor.bikes.thresholds import limits

KINDS: Final = {"zero": "stuck_zero", "low": "suspect", "spike": "spike"}
"""What the simulator injects, and the finding that names it."""
Faults = dict[str, dict[str, float]]


@dataclass
class BikeScore:
    """Counts of counter-days by kind of fault."""

    due: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def recall(self, kind: str) -> float | None:
        """Of the faults due a flag the share that has it."""
        return self.found[kind] / self.due[kind] if self.due[kind] else None

    def precision(self, kind: str) -> float | None:
        """Of the flags the share with an injected fault, of whatever size, behind it."""
        return self.right[kind] / self.flagged[kind] if self.flagged[kind] else None


def score_bikes(
    truth: Mapping[str, Any], counters: Mapping[date, pl.DataFrame], learning_days: int
) -> BikeScore:
    """Score the days after the first `learning_days`; `counters`: the published table by day."""
    score = BikeScore()
    for day in sorted(counters)[learning_days:]:
        injected = _injected(truth[str(day)]["faults"])
        before = _injected(truth[str(day - timedelta(days=1))]["faults"])
        for row in counters[day].iter_rows(named=True):
            own = injected.get(row["counter_id"], {})
            reasons = row["reasons"].split("; ")
            for kind in _due(own, row):
                score.due[kind] += 1
                score.found[kind] += KINDS[kind] in reasons
            for kind, reason in KINDS.items():
                if reason in reasons:
                    score.flagged[kind] += 1
                    # A run of zeros goes on over midnight; zeros are a low count as well.
                    either = own.keys() | before.get(row["counter_id"], {}).keys()
                    score.right[kind] += kind in either or (kind == "low" and "zero" in either)
    return score


def _injected(faults: list[Mapping[str, Any]]) -> Faults:
    """The size of each kind by counter."""
    found: Faults = {}
    for one in faults:
        found.setdefault(one["counter"], {})[one["kind"]] = one["size"]
    return found


def _due(own: Mapping[str, float], row: Mapping[str, Any]) -> Iterator[str]:
    """The faults of a counter that published all its hours and are beyond the thresholds."""
    value = limits()
    if row["hours"] < row["expected_hours"]:
        return
    if "zero" in own and "spike" not in own:
        yield "zero"
    if own.get("low", 1) < value["suspect_low"] and row["typical_bikes"] is not None:
        yield "low"
    if own.get("spike", 0) > 2 * value["spike_factor"]:
        yield "spike"
