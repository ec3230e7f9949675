"""What was read of each raw file, kept under `parts/`: a cache, made anew whenever it is gone."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from cityflow.contracts.base import Model
from cityflow.errors import ObjectNotFound, TryAgain
from cityflow.storage import Objects, layout
from cityflow.storage.canonical import dumps
from cityflow_processor.records.module import Kind
from cityflow_processor.tables import DamagedFrame, ipc_bytes, read_ipc


class Held(Model):
    """What a raw file held: rows and rejects by day; `""` stands for rejects without a day.

    The rows of a snapshot stand under the day when it says it was made, else, as those of a list,
    under that of its first receipt.
    """

    raw_sha256: str
    kind: Kind
    rows_in: int
    days: dict[str, int]
    rejects: dict[str, int]
    taken_at: datetime | None = None


@dataclass(frozen=True)
class FileCache:
    """Keys and frames of one raw file."""

    objects: Objects
    dataset: str
    raw_sha256: str
    reader: str

    def held(self) -> Held | None:
        """What was noted of the file, if it was read by this reader and is whole."""
        try:
            return Held.model_validate_json(self.objects.read(self._key))
        except (ObjectNotFound, ValueError):
            return None

    def note(self, held: Held) -> None:
        """Declare the file read: everything else is written."""
        text = dumps(held.model_dump(mode="json")).encode()
        self.objects.put(self._key, text, durable=False)

    def forget(self) -> None:
        """Take the file as not yet read."""
        self.objects.delete(self._key)

    def keep_rows(self, day: date, rows: pl.DataFrame) -> None:
        """The file's rows of one day."""
        self.objects.put(self._part(day), ipc_bytes(rows), durable=False)

    def rows(self, day: date) -> pl.DataFrame:
        """The same. Raises TryAgain if they are lost; the file is read anew then."""
        return self._frame(self._part(day))

    def keep_rejects(self, rejects: pl.DataFrame) -> None:
        """All rejects of the file, with a column `day`."""
        self.objects.put(self._rejects, ipc_bytes(rejects), durable=False)

    def rejects(self) -> pl.DataFrame:
        """The same. Raises TryAgain if they are lost."""
        return self._frame(self._rejects)

    @property
    def _key(self) -> str:
        return layout.split_manifest(self.dataset, self.raw_sha256, self.reader)

    @property
    def _rejects(self) -> str:
        return f"{self._key.removesuffix('.json')}.rejects.arrow"

    def _part(self, day: date) -> str:
        return layout.part(self.dataset, day, self.raw_sha256, self.reader)

    def _frame(self, key: str) -> pl.DataFrame:
        try:
            return read_ipc(self.objects.read(key))
        except (ObjectNotFound, DamagedFrame) as error:
            self.forget()
            raise TryAgain(
                f"{key} of the parts cache is lost; run the same command again: it is rebuilt"
            ) from error
