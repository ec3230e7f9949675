"""What exactly is published at an instant, day by day, untouched by any fault."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Protocol, runtime_checkable

from cityflow.calendar import days
from cityflow.errors import BadArguments
from cityflow_simulator.serving.world import World


@runtime_checkable
class Truthful(Protocol):
    """A dataset that can say what it holds of a day, and which records are distinct."""

    def truth(self, day: date, now: datetime) -> dict[str, Any]:
        """Versions, rows, distinct records, of one day at `now`."""
        ...

    def distinct(self, day: date, now: datetime) -> Iterator[dict[str, Any]]:
        """The records that a reader should end up with: no copies, no phantoms."""
        ...


def truth_of(
    world: World, dataset_id: str, first: date, last: date, now: datetime
) -> dict[str, Any]:
    """The truth of every day from `first` to `last`. Raises BadArguments."""
    dataset = _truthful(world, dataset_id)
    if (last - first).days > 400:
        raise BadArguments("ask for at most 400 days")
    return {str(day): dataset.truth(day, now) for day in days(first, last)}


def truth_records(
    world: World, dataset_id: str, day: date, now: datetime
) -> Iterator[dict[str, Any]]:
    """The distinct records of one day. Raises BadArguments."""
    return _truthful(world, dataset_id).distinct(day, now)


def _truthful(world: World, dataset_id: str) -> Truthful:
    dataset = world.datasets.get(dataset_id)
    if not isinstance(dataset, Truthful):
        raise BadArguments(f"{dataset_id}: no dataset with a truth by day")
    return dataset
