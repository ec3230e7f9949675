"""The reconciliation of two stores: what each kind holds here and there, and what was done."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

SHOWN: Final = 5


class Fate(StrEnum):
    """What becomes of one document or object."""

    COPIED = "copied"
    REPLACED = "replaced"
    SAME = "same"
    REFUSED = "refused"
    ONLY_THERE = "only there"


class Kind(NamedTuple):
    """Documents by their type, objects by their top folder."""

    port: Literal["documents", "objects"]
    name: str


@dataclass
class Tally:
    """Counts by kind and fate."""

    fates: dict[Kind, Counter[Fate]] = field(default_factory=dict)
    bytes: Counter[Kind] = field(default_factory=Counter)
    verified: Counter[Kind] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    is_verified: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, kind: Kind, fate: Fate, name: str, size: int = 0) -> None:
        """Count one; `size` are the bytes that were copied."""
        self.add_many(kind, fate, 1, size)
        if fate is Fate.REFUSED:
            with self._lock:
                self.refused.append(name)

    def add_many(self, kind: Kind, fate: Fate, count: int, size: int) -> None:
        """Count several of one fate."""
        with self._lock:
            self.fates.setdefault(kind, Counter())[fate] += count
            self.bytes[kind] += size

    def compared(self, kind: Kind, name: str, *, equal: bool) -> None:
        """Count one that was read on both sides after all was done."""
        with self._lock:
            self.is_verified = True
            self.verified[kind] += equal
            if not equal:
                self.differing.append(name)

    def rows(self) -> list[dict[str, Any]]:
        """One row a kind: `here` of those asked for, `there` at the end, and the fates between."""
        return [self._row(kind) for kind in sorted(self.fates)]

    def document(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "kinds": self.rows(),
            "refused": sorted(self.refused),
            "differing": sorted(self.differing) if self.is_verified else None,
        }

    def table(self, title: str) -> "Table":
        """All of it for people."""
        from rich.table import Table

        rows = self.rows()
        table = Table(title=title)
        table.add_column("what")
        table.add_column("kind")
        names = [name for name in _COLUMNS if name != "verified" or self.is_verified]
        for name in names:
            table.add_column(name, justify="right")
        for row in rows:
            table.add_row(row["port"], row["kind"], *(f"{row[name]:,}" for name in names))
        if len(rows) > 1:
            total = (f"{sum(row[name] for row in rows):,}" for name in names)
            table.add_section()
            table.add_row("all", "", *total)
        return table

    def _row(self, kind: Kind) -> dict[str, Any]:
        fates = self.fates[kind]
        only_there = fates[Fate.ONLY_THERE]
        return {
            "port": kind.port,
            "kind": kind.name,
            "here": fates.total() - only_there,
            "there": fates.total(),
            **{fate.value.replace(" ", "_"): fates[fate] for fate in Fate},
            "bytes": self.bytes[kind],
            "verified": self.verified[kind] if self.is_verified else None,
        }


_COLUMNS: Final = (
    "here",
    "there",
    *(fate.value.replace(" ", "_") for fate in Fate),
    "bytes",
    "verified",
)


def some(names: Iterable[str]) -> str:
    """The first few names and how many more there are, for a message."""
    ordered = sorted(names)
    more = f" and {len(ordered) - SHOWN:,} more" if len(ordered) > SHOWN else ""
    return f"{'; '.join(ordered[:SHOWN])}{more}"
