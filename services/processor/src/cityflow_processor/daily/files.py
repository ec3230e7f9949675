"""Raw files of a dataset, each read once; and which of them a day is made of."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, Self

import polars as pl

from cityflow.calendar import day_bounds, paris_day
from cityflow.contracts.tables import REJECTS
from cityflow.errors import FileRefused
from cityflow.packed import opened_first
from cityflow.storage import RawEntry, RawZone, Store
from cityflow_processor.daily.cache import FileCache, Held
from cityflow_processor.records.module import Contents, Module, Record, Reject, Source
from cityflow_processor.tables import schema

_BATCH_ROWS: Final = 50_000
_PAGES_GAP: Final = timedelta(minutes=15)
_DAY: Final = "_day"


@dataclass(frozen=True)
class ReadFile:
    """A raw file that was read, and where its frames are."""

    entry: RawEntry
    held: Held
    cache: FileCache

    @property
    def days(self) -> set[date]:
        """Days of which it holds a row or a reject."""
        return {date.fromisoformat(d) for d in (*self.held.days, *self.held.rejects) if d}

    @property
    def first_day(self) -> date:
        """The day when it says it was made, else of its first receipt."""
        return paris_day(self.taken_at)

    @property
    def taken_at(self) -> datetime:
        """When it says it was made, else its first receipt."""
        return self.held.taken_at or self.entry.meta.receipts[0].received_at

    def received_by(self, day: date) -> datetime | None:
        """When it was made, else the last time it arrived, if by the end of the day."""
        end = day_bounds(day)[1]
        if self.held.taken_at is not None:
            return self.held.taken_at if self.held.taken_at <= end else None
        times = [r.received_at for r in self.entry.meta.receipts if r.received_at <= end]
        return times[-1] if times else None

    def as_of(self, moment: datetime) -> Self:
        """The same with the receipts until then; one that came later keeps its first."""
        receipts = self.entry.meta.receipts
        until = tuple(one for one in receipts if one.received_at <= moment) or receipts[:1]
        meta = self.entry.meta.model_copy(update={"receipts": until})
        return replace(self, entry=replace(self.entry, meta=meta))

    def rejects(self, day: date | None) -> pl.DataFrame:
        """Its rejects of a day, or of none, in the columns of the contract."""
        if not self.held.rejects.get(str(day or ""), 0):
            return pl.DataFrame(schema=schema(REJECTS))
        every = self.cache.rejects()
        found = every.filter(pl.col(_DAY).is_null() if day is None else pl.col(_DAY) == day)
        return found.drop(_DAY)


def cache_of(store: Store, module: Module, entry: RawEntry) -> FileCache:
    """Where the frames of a raw file are kept."""
    return FileCache(store.objects, module.name, entry.meta.sha256, module.reader_version)


def read_file(store: Store, module: Module, entry: RawEntry) -> ReadFile:
    """A raw file, read now unless it was before. Raises SourceError if it cannot be read."""
    cache = cache_of(store, module, entry)
    held = cache.held()
    if held is None:
        with _opened(store, entry) as stream:
            received = entry.meta.receipts[0].received_at
            source = Source(entry.key, entry.meta.media, stream, received)
            held = _read(cache, module.read(source), received)
        if 0 < held.rows_in == held.rejects.get("", 0):
            raise FileRefused(
                entry.key, f"not one usable row of {held.rows_in:,}", f"rows of {module.name}"
            )
        cache.note(held)
    return ReadFile(entry, held, cache)


def in_force(files: Sequence[ReadFile], day: date) -> tuple[ReadFile, datetime, bool] | None:
    """The file last received by the end of the day, else the one received first after it.

    With the time of that receipt, and whether it was later than the day.
    """
    received = [(at, file) for file in files if (at := file.received_by(day)) is not None]
    if received:
        at, file = max(received, key=lambda found: (found[0], found[1].held.raw_sha256))
        return file, at, False
    later = [(file.taken_at, file) for file in files]
    if not later:
        return None
    at, file = min(later, key=lambda found: (found[0], found[1].held.raw_sha256))
    return file, at, True


def around(files: Sequence[ReadFile], day: date) -> tuple[tuple[ReadFile, ...], bool]:
    """Every snapshot of a day and the last before it, in their order; if there is none of either,
    the first after it. And whether it is later than the day.

    An answer in pages is several files, so what was made shortly before the last one comes along.
    """
    start, end = day_bounds(day)
    ordered = sorted(files, key=lambda file: (file.taken_at, file.held.raw_sha256))
    before = [file for file in ordered if file.taken_at < start]
    own = [file for file in ordered if start <= file.taken_at < end]
    if before or own:
        last = [file for file in before if before[-1].taken_at - file.taken_at <= _PAGES_GAP]
        return (*last, *own), False
    later = [file for file in ordered if file.taken_at - ordered[0].taken_at <= _PAGES_GAP]
    return tuple(later), True


@contextmanager
def _opened(store: Store, entry: RawEntry) -> Iterator[BinaryIO]:
    with (
        RawZone(store).open(entry.key) as stream,
        opened_first(stream, entry.meta.packing, name=entry.key) as reader,
        _rewindable(reader, entry) as unpacked,
    ):
        yield unpacked


@contextmanager
def _rewindable(reader: BinaryIO, entry: RawEntry) -> Iterator[BinaryIO]:
    """The content as a stream that can be read from its start again."""
    if entry.meta.packing == "plain":
        yield reader
        return
    with TemporaryFile() as unpacked:
        copyfileobj(reader, unpacked)
        unpacked.seek(0)
        yield unpacked


def _read(cache: FileCache, contents: Contents, received_at: datetime) -> Held:
    """Read all rows, keep them by day, and tell how many there were."""
    received = paris_day(contents.taken_at or received_at)
    types = {_DAY: pl.Date(), **schema(contents.table)}
    dated = contents.kind == "dated"
    frames: list[pl.DataFrame] = []
    rejects: list[tuple[Any, ...]] = []
    rows_in = 0
    while batch := list(islice(contents.outcomes, _BATCH_ROWS)):
        rows_in += len(batch)
        kept = [one for one in batch if isinstance(one, Record)]
        rows = [(one.day if dated else received, *one.values) for one in kept]
        frames.append(pl.DataFrame(rows, schema=types, orient="row"))
        broken = [one for one in batch if isinstance(one, Reject)]
        rejects += [_rejected(cache, one, one.day if dated else received) for one in broken]
    days = _keep_rows(cache, frames)
    of_rejects = {_DAY: pl.Date(), **schema(REJECTS)}
    cache.keep_rejects(pl.DataFrame(rejects, schema=of_rejects, orient="row"))
    by_day = Counter(str(one[0]) if one[0] else "" for one in rejects)
    return Held(
        raw_sha256=cache.raw_sha256,
        kind=contents.kind,
        rows_in=rows_in,
        days=days,
        rejects=dict(sorted(by_day.items())),
        taken_at=contents.taken_at,
    )


def _rejected(cache: FileCache, one: Reject, day: date | None) -> tuple[Any, ...]:
    return day, cache.raw_sha256, "", one.row, one.reason, one.detail, one.raw_text


def _keep_rows(cache: FileCache, frames: Sequence[pl.DataFrame]) -> dict[str, int]:
    if not frames:
        return {}
    days = {}
    parts = pl.concat(frames).partition_by(_DAY, as_dict=True, include_key=False)
    for (day,), rows in sorted(parts.items()):
        assert isinstance(day, date)
        cache.keep_rows(day, rows)
        days[str(day)] = rows.height
    return days
