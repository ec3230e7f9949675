"""Days whose inputs are not those of their last run: of what arrives, all that it bears on."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from cityflow.contracts import Run
from cityflow.storage import Editions, Store
from cityflow_processor.daily.inputs import Inputs
from cityflow_processor.daily.publish import Chosen, inputs_of
from cityflow_processor.pending import last_runs


def changed_days(store: Store, inputs: Inputs, days: Sequence[date]) -> Iterator[date]:
    """The days to process again, in order; each is judged once those before it are processed,
    so that a day that looks back sees what they published. Raises StoreUnavailable.
    """
    module = inputs.sources.module
    last = last_runs(store, module.name)
    for day in days:
        run, chosen = last.get(day), inputs.sources.choose(day)
        places = inputs.in_force.of_day(day).used_by(module)
        now = inputs_of(chosen, places, inputs.sources.past.editions(day))
        if (
            run is None
            or run.inputs != now
            or (module.takes_last_snapshot and _is_taken_otherwise(store, run, chosen))
        ):
            yield day


def _is_taken_otherwise(store: Store, run: Run, chosen: Chosen) -> bool:
    """Whether the same snapshot arrived again since, which the edition of the day says."""
    if chosen.taken_at is None or run.edition is None:
        return False
    document = Editions(store).document(run.dataset, run.day, run.edition)
    stated = document and document.get("snapshot_at")
    return not stated or datetime.fromisoformat(stated) != chosen.taken_at
