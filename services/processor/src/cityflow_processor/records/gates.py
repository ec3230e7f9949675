"""The gates that every small dataset has; what a dataset adds stands beside its measures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cityflow.contracts import Check, Severity

REJECTS_YELLOW_SHARE: Final = 0.01
REJECTS_RED_SHARE: Final = 0.5
REJECTS_RED_ROWS: Final = 24
FULLER_EDITION_SHARE: Final = 0.7


@dataclass(frozen=True)
class Reading:
    """How a day's rows were read. `values`: how many of the measured cells hold one."""

    rows_in: int
    published: int
    rejected_by_reason: Mapping[str, int]
    duplicates: int
    conflicts: int
    withdrawn_values: int
    values: int

    @property
    def rejected(self) -> int:
        """Rows that broke the contract."""
        return sum(self.rejected_by_reason.values())


@dataclass(frozen=True)
class InPlace:
    """Records and values of the edition that publishing would replace; none: zero."""

    records: int = 0
    values: int = 0


def gates(reading: Reading, in_place: InPlace) -> list[Check]:
    """Schema, duplicates and volume; any red one keeps the edition from being published."""
    return [_schema(reading), _duplicates(reading), _volume(reading, in_place)]


def _schema(reading: Reading) -> Check:
    rejected, rows = reading.rejected, reading.rows_in
    share = rejected / rows if rows else 0.0
    message = f"{rejected:,} of {rows:,} rows rejected"
    if share > REJECTS_RED_SHARE and rejected >= REJECTS_RED_ROWS:
        message += ": the source may have changed its format"
        return Check(name="schema", severity=Severity.RED, message=message)
    severity = Severity.YELLOW if share > REJECTS_YELLOW_SHARE else Severity.GREEN
    return Check(name="schema", severity=severity, message=message)


def _duplicates(reading: Reading) -> Check:
    differ = reading.conflicts or reading.withdrawn_values
    return Check(
        name="duplicates",
        severity=Severity.YELLOW if differ else Severity.GREEN,
        message=f"{reading.duplicates:,} duplicate rows dropped, {reading.conflicts:,} of them "
        f"differed, {reading.withdrawn_values:,} values withdrawn by a later receipt",
    )


def _volume(reading: Reading, in_place: InPlace) -> Check:
    message = f"{reading.published:,} records with {reading.values:,} values"
    least = FULLER_EDITION_SHARE
    if reading.published < least * in_place.records or reading.values < least * in_place.values:
        message += (
            f"; the edition in place is fuller and stands: {in_place.records:,} records with "
            f"{in_place.values:,} values"
        )
        return Check(name="volume", severity=Severity.RED, message=message)
    return Check(name="volume", severity=Severity.GREEN, message=message)
