"""What the ledger says was published, and what came of giving it back."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from cityflow.contracts import Run
from cityflow.storage import Runs, Store
from cityflow_processor.reference.versions import References

_DIGEST_DIGITS: Final = 64


@dataclass
class Replayed:
    """Editions whose documents had been lost, and what could not be given back."""

    found: int = 0
    failed: list[str] = field(default_factory=list)

    def add(self, other: "Replayed") -> None:
        """Count another with this one."""
        self.found += other.found
        self.failed += other.failed


@dataclass(frozen=True)
class Read:
    """What a run read: digests of raw files, in the order of receipts, and editions."""

    digests: tuple[str, ...]
    editions: tuple[str, ...]

    @classmethod
    def of(cls, run: Run) -> "Read":
        """As the ledger has it."""
        digests = tuple(name for name in run.inputs if len(name) == _DIGEST_DIGITS)
        return cls(digests, tuple(name for name in run.inputs if len(name) != _DIGEST_DIGITS))


def published_runs(store: Store, dataset: str | None = None) -> list[Run]:
    """Runs that published or confirmed an edition, by day and start."""
    every = Runs(store).query(date.min, date.max, stage="process", dataset=dataset)
    return [run for run in every if run.edition is not None]


def ending_order(run: Run) -> tuple[str, str]:
    """What runs are sorted by for the order in which they published."""
    return f"{run.ended_at}", run.run_id


def of_editions(held: References, editions: tuple[str, ...]) -> References:
    """The version of a reference dataset that is among these editions, if one is."""
    chosen = [version for version in held.versions if version.edition in editions]
    return References(tuple(chosen[:1]), ())
