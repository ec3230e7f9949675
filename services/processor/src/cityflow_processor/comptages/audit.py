"""The gates of one day that need no history: what is published, and what is said of it."""

from dataclasses import dataclass

from cityflow.contracts import Check, Severity
from cityflow_processor.comptages.thresholds import Thresholds


@dataclass(frozen=True)
class Reading:
    """How a day's rows were read. `compared` rows carry a published state."""

    rows_in: int
    published: int
    rejected_by_reason: dict[str, int]
    duplicates: int
    conflicts: int
    withdrawn_values: int
    compared: int
    state_mismatches: int

    @property
    def rejected(self) -> int:
        """Rows that broke the contract."""
        return sum(self.rejected_by_reason.values())


@dataclass(frozen=True)
class Sums:
    """The same totals reached by different ways: city, sum of zones, sum of hours."""

    flow_veh: tuple[int, int, int]
    flow_hours: tuple[int, int, int]
    occupancy_hours: tuple[int, int, int]


@dataclass(frozen=True)
class Fullness:
    """How full an edition is: its records, and their values (hours of flow and of occupancy)."""

    records: int = 0
    values: int = 0


def audit(reading: Reading, sums: Sums, in_place: Fullness, limits: Thresholds) -> list[Check]:
    """All gates of a day; any red one keeps the edition from being published.

    `in_place` is the edition that publishing would replace, empty if there is none.
    """
    return [
        _schema(reading, limits),
        _duplicates(reading),
        _derivation(reading, limits),
        _range(reading),
        _volume(reading, sums, in_place, limits),
        _conservation(sums),
    ]


def _check(name: str, severity: Severity, message: str) -> Check:
    return Check(name=name, severity=severity, message=message)


def _schema(reading: Reading, limits: Thresholds) -> Check:
    phantoms = reading.rejected_by_reason.get("phantom_arc", 0)
    rejected, rows = reading.rejected - phantoms, reading.rows_in - phantoms
    share = rejected / rows if rows else 0.0
    message = f"{rejected:,} of {rows:,} rows rejected, phantom arcs left out"
    if share > limits.rejects_red_share and rejected >= limits.rejects_red_rows:
        return _check("schema", Severity.RED, f"{message}: the source may have changed its format")
    severity = Severity.YELLOW if share > limits.rejects_yellow_share else Severity.GREEN
    return _check("schema", severity, message)


def _duplicates(reading: Reading) -> Check:
    severity = Severity.YELLOW if reading.conflicts or reading.withdrawn_values else Severity.GREEN
    return _check(
        "duplicates",
        severity,
        f"{reading.duplicates:,} duplicate rows dropped, {reading.conflicts:,} of them differed, "
        f"{reading.withdrawn_values:,} values withdrawn by a later receipt",
    )


def _derivation(reading: Reading, limits: Thresholds) -> Check:
    wrong, compared = reading.state_mismatches, reading.compared
    message = f"{wrong:,} of {compared:,} published states differ from f(occupancy)"
    if not wrong:
        return _check("derivation", Severity.GREEN, message)
    red = compared - wrong < limits.derivation_red_share * compared
    return _check("derivation", Severity.RED if red else Severity.YELLOW, message)


_RANGE_REASONS = (
    "negative_flow",
    "implausible_flow",
    "occupancy_out_of_range",
)


def _range(reading: Reading) -> Check:
    count = sum(reading.rejected_by_reason.get(reason, 0) for reason in _RANGE_REASONS)
    severity = Severity.YELLOW if count else Severity.GREEN
    return _check("range", severity, f"{count:,} rows outside the physical range, rejected")


def _volume(reading: Reading, sums: Sums, in_place: Fullness, limits: Thresholds) -> Check:
    values = sums.flow_hours[0] + sums.occupancy_hours[0]
    message = f"{reading.published:,} records with {values:,} values"
    least = limits.fuller_edition_share
    if reading.published < least * in_place.records or values < least * in_place.values:
        return _check(
            "volume",
            Severity.RED,
            f"{message}; the edition in place is fuller and stands: {in_place.records:,} records "
            f"with {in_place.values:,} values",
        )
    return _check("volume", Severity.GREEN, message)


def _conservation(sums: Sums) -> Check:
    for name, values in vars(sums).items():
        if len(set(values)) != 1:
            city, zones, hours = values
            return _check(
                "conservation", Severity.RED, f"{name}: city {city}, zones {zones}, hours {hours}"
            )
    return _check("conservation", Severity.GREEN, "zones and hours add up to the city")
