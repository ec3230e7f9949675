"""Figures of earlier published days, read once each: a day is measured against small tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from cityflow.contracts import Pointer
from cityflow.contracts.tables import Table
from cityflow.storage import Editions, Store, layout
from cityflow.storage.canonical import digest, dumps
from cityflow_processor.records.module import Look, Module
from cityflow_processor.tables import read_frame, schema

DAY = "day"


@dataclass(frozen=True)
class Looked:
    """Frames by table, a digest of all that stands in them, and the editions they are from."""

    frames: Mapping[str, pl.DataFrame]
    digest: str | None
    editions: tuple[str, ...]


@dataclass
class Past:
    """Published days of a dataset, for days that are looked at in order.

    What a run publishes, here or in another process, lies between the days it looks from.
    """

    store: Store
    module: Module
    _current: dict[date, str | None] = field(init=False)
    _frames: dict[tuple[str, str], tuple[pl.DataFrame, str]] = field(init=False)
    _last: date | None = field(init=False, default=None)
    _is_fixed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._current = _with_records(Editions(self.store).pointers(self.module.name))
        self._frames = {}

    def fix(self, editions: Mapping[date, str]) -> None:
        """From now on these editions are looked at, whichever are current."""
        self._current, self._is_fixed = dict(editions), True

    def editions(self, day: date) -> tuple[str, ...]:
        """The editions that the module looks back at from a day, in order of date."""
        return self._used(self._looks(day))

    def look(self, day: date) -> Looked:
        """What the module looks back at from a day."""
        looks = self._looks(day)
        found = {look.table: self._look(look) for look in looks}
        signs = {name: signs for name, (_, signs) in found.items() if signs}
        return Looked(
            {name: frame for name, (frame, _) in found.items()},
            digest(dumps(signs)) if signs else None,
            self._used(looks),
        )

    def _looks(self, day: date) -> Sequence[Look]:
        self._renew(day)
        earlier = sorted(one for one, edition in self._current.items() if edition and one < day)
        return self.module.look_back(day, earlier)

    def _used(self, looks: Sequence[Look]) -> tuple[str, ...]:
        days = sorted({one for look in looks for one in look.days})
        return tuple(edition for one in days if (edition := self._current[one]))

    def _renew(self, day: date) -> None:
        if self.module.looks_back and self._last is not None and not self._is_fixed:
            held = Editions(self.store).pointers(self.module.name, self._last, day)
            self._current |= _with_records(held)
        self._last = day

    def _look(self, look: Look) -> tuple[pl.DataFrame, list[str]]:
        table = next(table for table in self.module.tables if table.name == look.table)
        columns = {name: schema(table)[name] for name in look.columns}
        frames = [pl.DataFrame(schema={DAY: pl.Date(), **columns})]
        signs = []
        for day in look.days:
            frame, sign = self._frame(day, table, look.columns)
            frames.append(frame)
            signs.append(f"{day} {sign}")
        return pl.concat(frames), signs

    def _frame(self, day: date, table: Table, columns: Sequence[str]) -> tuple[pl.DataFrame, str]:
        edition = self._current[day]
        assert edition is not None
        name = f"{table.name} {' '.join(columns)}"
        if (edition, name) not in self._frames:
            key = layout.table(self.module.name, day, edition, table.name)
            whole = read_frame(self.store.objects.read(key))
            frame = whole.select(pl.lit(day).alias(DAY), *columns)
            self._frames[edition, name] = frame, frame_digest(frame)
        return self._frames[edition, name]


def _with_records(pointers: Iterable[Pointer]) -> dict[date, str | None]:
    """The edition of each day, None of one without data."""
    return {one.day: one.edition if one.status == "published" else None for one in pointers}


def frame_digest(frame: pl.DataFrame) -> str:
    """A digest of the rows and columns of a frame, in their order."""
    return digest(frame.write_ndjson())
