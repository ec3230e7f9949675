"""What the ledger says was published, and what came of giving it back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from cityflow.contracts import Run
from cityflow.errors import StoreUnavailable
from cityflow.storage import Editions, Runs, Store
from cityflow_processor.publishing import Built, reinstate, show_summary
from cityflow_processor.reference.in_force import References

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


def give_back(store: Store, runs: Iterable[Run], build: Callable[[Run], Built]) -> Replayed:
    """Give back the editions of these runs, in the order in which they published.

    `build` makes a run's edition of what it had read, which stands again by then; it may raise
    StoreUnavailable, or KeyError for an edition or a range that is not held.
    """
    ordered = sorted(runs, key=ending_order)
    editions = Editions(store)
    lost = {key for key in map(_key, ordered) if editions.current(*key) is None}
    done, last = Replayed(), dict[tuple[str, date], str | None]()
    for run in ordered:
        if last.get(_key(run)) == run.edition:
            continue
        name = f"edition {run.edition} of {run.dataset} {run.day}"
        try:
            built = build(run)
        except (StoreUnavailable, KeyError) as error:
            done.failed.append(f"{name}: {error}")
            continue
        if built.edition != run.edition:
            done.failed.append(f"{name}: it comes out otherwise here")
            continue
        done.found += reinstate(store, run, built, move_pointer=_key(run) in lost)
        last[_key(run)] = run.edition
    for dataset, day in last:
        show_summary(store, dataset, day)
    return done


def _key(run: Run) -> tuple[str, date]:
    return run.dataset, run.day


def of_editions(held: References, editions: tuple[str, ...]) -> References:
    """The version of a reference dataset that is among these editions, if one is."""
    chosen = [version for version in held.versions if version.edition in editions]
    return References(tuple(chosen[:1]), ())
