"""Completed months of a dataset, each one table sorted by entity, so that a year is few objects.

A month is an edition whose inputs are the editions of its days: it is made anew when one of them
changes, and its bytes follow from them alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import chain, groupby
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from cityflow.calendar import paris_day
from cityflow.console import progress
from cityflow.contracts import Attribution, MonthHistory, Pointer, Run, history_of
from cityflow.contracts.base import credit_of
from cityflow.contracts.tables import COMPTAGES_HISTORY, Table
from cityflow.errors import ObjectNotFound, StoreUnavailable
from cityflow.storage import Candidate, Editions, Runs, Store, layout
from cityflow.storage.canonical import digest, dumps
from cityflow.storage.paging import all_documents
from cityflow_processor.freed import give_back_memory
from cityflow_processor.tables import WRITER_VERSION, conform, keep, schema

METHOD_VERSION: Final = "1"

# A group is what a reader of one entity fetches: some hundred of them over a month.
ROW_GROUP_ROWS: Final = 4096
_READERS: Final = 2
_AT_A_TIME: Final = 8  # columns

_SOURCES: Final[dict[str, tuple[str, Table]]] = {"comptages": ("arcs", COMPTAGES_HISTORY)}


class LostTable(StoreUnavailable):
    """A table of a published day is not there, or damaged."""


@dataclass(frozen=True)
class Compacted:
    """One month, and what became of it. `month` is its first day."""

    month: date
    outcome: Literal["new", "unchanged", "lost_race", "failed"]
    days: int
    rows: int
    error: str | None = None


def compact(
    store: Store, dataset: str, days: Iterable[date] | None = None, now: datetime | None = None
) -> list[Compacted]:
    """Bring the completed months up to date: those of `days`, or all that have an edition.

    A month of which a published table is lost fails alone. Raises StoreUnavailable.
    """
    with progress("Compacting months", unit="months") as shown:
        done = []
        for month in compacted(store, dataset, days, now):
            done.append(month)
            shown.advance()
    return done


def compacted(
    store: Store, dataset: str, days: Iterable[date] | None = None, now: datetime | None = None
) -> Iterator[Compacted]:
    """The same one after the other, as they are done: a month is the largest table there is."""
    this_month = paris_day(now or datetime.now(UTC)).replace(day=1)
    wanted = None if days is None else {day.replace(day=1) for day in days}
    for month in _months(store, dataset, wanted, this_month):
        yield _compact(store, dataset, *month)
        give_back_memory()


def _months(
    store: Store, dataset: str, wanted: set[date] | None, before: date
) -> Iterator[tuple[date, Sequence[Pointer]]]:
    """Wanted months `before` this one and the current pointers of their days, in order."""
    completed = {month for month in wanted or () if month < before}
    if wanted is not None and not completed:
        return
    first = min(completed, default=None)
    last = layout.month_of(max(completed))[1] if completed else before - timedelta(days=1)
    pointers = Editions(store).pointers(dataset, first, last)
    for month, days in groupby(pointers, key=lambda pointer: pointer.day.replace(day=1)):
        if wanted is None or month in completed:
            yield month, list(days)


def give_back(store: Store, run: Run, *, move_pointer: bool) -> bool | None:
    """Write again the month that a run published, from the editions it was made of.

    Returns whether its document had been lost; None if it comes out otherwise. Raises LostTable.
    """
    dataset = run.dataset.removeprefix(history_of(""))
    editions, days = Editions(store), layout.month_of(run.day)
    held = all_documents(store.documents, f"edition/{dataset}", *days)
    day_of = {document.id.key: document.id.day for document in held}
    if lost := [edition for edition in run.inputs if edition not in day_of]:
        raise LostTable(f"edition {lost[0]} of {dataset} is lost")
    inputs = {day_of[edition]: edition for edition in run.inputs}
    if _edition(dataset, run.day, inputs) != run.edition:
        return None
    document = _write(store, dataset, run.day, inputs)
    candidate = _candidate(document, run.run_id, editions.current_version(run.dataset, run.day))
    then = replace(candidate, now=run.ended_at or candidate.now)
    return editions.reinstate(then, move_pointer=move_pointer)


def _compact(store: Store, dataset: str, month: date, pointers: Sequence[Pointer]) -> Compacted:
    editions, name = Editions(store), history_of(dataset)
    expected = editions.current_version(name, month)
    inputs = {pointer.day: pointer.edition for pointer in pointers}
    edition = _edition(dataset, month, inputs)
    held = editions.current(name, month)
    if held is not None and held.edition == edition and _is_whole(store, dataset, month, held):
        return Compacted(month, "unchanged", len(inputs), held.records)
    run = Runs(store).start("process", name, month)
    try:
        document = _write(store, dataset, month, inputs)
        outcome = editions.publish(_candidate(document, run.run_id, expected))
    except Exception as error:
        Runs(store).finish(run, "failed", error=str(error)[:2000])
        if isinstance(error, LostTable):
            return Compacted(month, "failed", len(inputs), 0, str(error))
        raise
    used = tuple(inputs.values())
    Runs(store).finish(run, outcome, edition=edition, inputs=used, outputs=(document.table,))
    return Compacted(month, outcome, len(inputs), document.rows)


def _write(store: Store, dataset: str, month: date, inputs: Mapping[date, str]) -> MonthHistory:
    """Make the table of a month and keep it; the document is not published yet."""
    # Only what is needed of each document: a month of them takes more than its table.
    said = {day: _said(store, dataset, day, used) for day, used in inputs.items()}
    with_data = [day for day, (status, _) in said.items() if status == "published"]
    frame = _frame(store, dataset, {day: inputs[day] for day in with_data})
    edition = _edition(dataset, month, inputs)
    key = layout.history(dataset, month, edition)
    keep(store.objects, key, frame, ROW_GROUP_ROWS)
    credits = (attributions for _, attributions in said.values())
    return MonthHistory(
        dataset=dataset,
        month=month,
        edition=edition,
        inputs={str(day): used for day, used in inputs.items()},
        rows=frame.height,
        table=key,
        attributions=tuple(dict.fromkeys(chain.from_iterable(credits))),
    )


def _said(
    store: Store, dataset: str, day: date, edition: str
) -> tuple[str, tuple[Attribution, ...]]:
    """The status and the sources of a day's edition."""
    document = Editions(store).document(dataset, day, edition)
    if document is None:
        raise LostTable(f"edition {edition} of {day} is lost; process its day again")
    return document["status"], credit_of(document).attributions


def _frame(store: Store, dataset: str, inputs: Mapping[date, str]) -> pl.DataFrame:
    """All rows by entity and day.

    Some columns at a time, so that a month does not stand there twice.
    """
    name, table = _SOURCES[dataset]
    keys = {day: layout.table(dataset, day, inputs[day], name) for day in sorted(inputs)}
    held = _columns(store, keys, _only(table, table.key))
    entity, day = table.key
    assert day == "day"
    order = pl.Series(_order(held[entity]))
    columns = {one: held.drop_in_place(one).gather(order) for one in table.key}
    others = [column.name for column in table.columns if column.name not in table.key]
    for first in range(0, len(others), _AT_A_TIME):
        some = others[first : first + _AT_A_TIME]
        held = _columns(store, keys, _only(table, some))
        columns |= {one: held.drop_in_place(one).gather(order) for one in some}
    return pl.DataFrame([columns[column.name] for column in table.columns])


def _only(table: Table, names: Collection[str]) -> Table:
    """Some columns of a table."""
    return replace(table, columns=tuple(one for one in table.columns if one.name in names))


def _columns(store: Store, keys: Mapping[date, str], table: Table) -> pl.DataFrame:
    """The columns of a table over all days, in order."""
    # A month holds each arc's texts once a day: they are kept once.
    shared = pl.Categorical(pl.Categories.random())
    said = {column.name for column in table.columns}
    texts = [c.name for c in table.columns if c.kind == "text" and c.name not in table.key]
    repeated = [pl.col(name).cast(shared) for name in texts]
    none = pl.DataFrame(schema=schema(table)).with_columns(repeated)

    def of_day(day: date) -> pl.DataFrame:
        rows = _read(store, keys[day], table)
        dated = {"day": pl.lit(day)} if "day" in said else {}
        return conform(rows.with_columns(*repeated, **dated), table)

    with ThreadPoolExecutor(_READERS) as pool:
        return pl.concat([none, *pool.map(of_day, keys)])


def _order(texts: pl.Series) -> npt.NDArray[np.int64]:
    """The stable order of texts of which each stands there many times."""
    codes = texts.cast(pl.Categorical(pl.Categories.random()))
    distinct = codes.unique()
    physical = codes.to_physical().to_numpy()
    rank = np.zeros(int(physical.max(initial=0)) + 1, np.int64)
    rank[distinct.to_physical().to_numpy()] = distinct.cast(pl.String).rank("ordinal").to_numpy()
    return np.argsort(rank[physical], kind="stable")


def _is_whole(store: Store, dataset: str, month: date, pointer: Pointer) -> bool:
    """Whether all that the pointer promises is there."""
    document = Editions(store).document(history_of(dataset), month, pointer.edition)
    key = layout.history(dataset, month, pointer.edition)
    return document is not None and store.objects.size(key) is not None


def _candidate(document: MonthHistory, run_id: str, expected: int) -> Candidate:
    return Candidate(
        dataset=history_of(document.dataset),
        day=document.month,
        edition=document.edition,
        document=document.model_dump(mode="json"),
        status="published",
        records=document.rows,
        run_id=run_id,
        now=datetime.now(UTC),
        expected=expected,
    )


def _edition(dataset: str, month: date, inputs: Mapping[date, str]) -> str:
    identity = {
        "dataset": dataset,
        "month": str(month),
        "inputs": {str(day): edition for day, edition in inputs.items()},
        "method": METHOD_VERSION,
        "writer": WRITER_VERSION,
    }
    return digest(dumps(identity))[:20]


def _read(store: Store, key: str, table: Table) -> pl.DataFrame:
    columns = [column.name for column in table.columns if column.name != "day"]
    try:
        return pl.read_parquet(BytesIO(store.objects.read(key)), columns=columns)
    except (PolarsError, ObjectNotFound) as error:
        raise LostTable(f"{key} is lost or damaged ({error}); process its day again") from error
