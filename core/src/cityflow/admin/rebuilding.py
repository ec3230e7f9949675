"""Making anew from raw files what is published, by the services that make it.

Core knows no service: each names its rebuilder as an entry point of `cityflow.rebuilders`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, Protocol

from cityflow.errors import BadArguments, CityFlowError
from cityflow.settings import Settings
from cityflow.storage import Store

if TYPE_CHECKING:
    from rich.table import Table

GROUP: Final = "cityflow.rebuilders"


class Rank(IntEnum):
    """What is made of what: the lower come first."""

    MEASURED = 1
    DERIVED = 2
    REPORT = 3


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuilder did with one dataset, or with the reports.

    `earlier` counts editions that stand again beside the current ones; `failed` says what could
    not be made, and `error` is what the command then ends with.
    """

    days: int
    new: int
    unchanged: int
    earlier: int = 0
    failed: tuple[str, ...] = ()
    error: CityFlowError | None = None


class Rebuilder(Protocol):
    """Makes anew what one service publishes."""

    rank: Rank

    def rebuild(
        self, store: Store, settings: Settings, *, as_published: bool
    ) -> Iterator[tuple[str, Rebuilt]]:
        """Make anew the current edition of every day, and say so of each dataset when it is done.

        With `as_published` first every edition of the ledger, from what its run had read.
        Raises StoreUnavailable.
        """


def rebuilders() -> list[Rebuilder]:
    """All that are installed here, in the order of their ranks. Raises BadArguments if none is."""
    found: list[Rebuilder] = [point.load() for point in entry_points(group=GROUP)]
    if not found:
        raise BadArguments(
            "no service that makes editions is installed here; run this where cityflow-processor "
            "and cityflow-reporter are"
        )
    return sorted(found, key=lambda one: one.rank)


def rebuild(
    store: Store, settings: Settings, *, as_published: bool
) -> Iterator[tuple[str, Rebuilt]]:
    """What was done of each dataset, in turn: the next reads what the one before wrote."""
    for rebuilder in rebuilders():
        yield from rebuilder.rebuild(store, settings, as_published=as_published)


def document(name: str, done: Rebuilt) -> dict[str, Any]:
    """What one did, as JSON values."""
    return {
        "name": name,
        "days": done.days,
        "editions": {"new": done.new, "unchanged": done.unchanged, "earlier": done.earlier},
        "failed": list(done.failed),
    }


def table(done: list[tuple[str, Rebuilt]]) -> "Table":
    """What all did, for people."""
    from rich.table import Table

    shown = Table("what", title="Rebuilt from raw files")
    for name in ("days", "new", "unchanged", "earlier", "failed"):
        shown.add_column(name, justify="right")
    for name, one in done:
        counts = (one.days, one.new, one.unchanged, one.earlier, len(one.failed))
        shown.add_row(name, *(f"{count:,}" for count in counts))
    return shown
