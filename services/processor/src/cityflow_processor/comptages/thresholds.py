"""The thresholds of the road loops, from one versioned table."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cityflow_processor.comptages.fields import OCCUPANCY_SCALE


@dataclass(frozen=True)
class Thresholds:
    """Values of thresholds.csv; occupancies also as scaled integers."""

    version: str
    state_bounds_e5: tuple[int, int, int]
    alert_hours: int
    derivation_red_share: float
    rejects_yellow_share: float
    rejects_red_share: float
    rejects_red_rows: int
    fuller_edition_share: float

    @property
    def saturated_e5(self) -> int:
        """Occupancy from which an hour is saturated, 10⁻⁵ %."""
        return self.state_bounds_e5[1]

    @property
    def blocked_e5(self) -> int:
        """Occupancy from which an hour is blocked, 10⁻⁵ %."""
        return self.state_bounds_e5[2]


@cache
def thresholds() -> Thresholds:
    """The thresholds in force."""
    text = files(__package__).joinpath("thresholds.csv").read_text(encoding="utf-8")
    values = {row["name"]: row["value"] for row in csv.DictReader(text.splitlines())}
    low, middle, high = (
        int(values[name]) * OCCUPANCY_SCALE
        for name in ("pre_saturated_pct", "saturated_pct", "blocked_pct")
    )
    return Thresholds(
        version=values["version"],
        state_bounds_e5=(low, middle, high),
        alert_hours=int(values["alert_hours"]),
        derivation_red_share=float(values["derivation_red_share"]),
        rejects_yellow_share=float(values["rejects_yellow_share"]),
        rejects_red_share=float(values["rejects_red_share"]),
        rejects_red_rows=int(values["rejects_red_rows"]),
        fuller_edition_share=float(values["fuller_edition_share"]),
    )
