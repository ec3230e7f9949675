"""Each file ends as stored (or registered), held or refused, and a bad one never stops the others.

Bytes are archived as received: the packed file itself, not its content.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from cityflow.contracts import Dataset
from cityflow.errors import FileRefused, SourceError
from cityflow.storage import Archived, NewRaw
from cityflow.telemetry import get_logger
from cityflow_ingest.examine import Examined, examine
from cityflow_ingest.find_files import Candidate
from cityflow_ingest.metered import (
    READABLE,
    Meter,
    metered_file,
    printable,
    refusing_unreadable,
)

_log = get_logger(__name__)


class Keeper(Protocol):
    """Where good files go. `done` says what became of a new one."""

    done: Literal["stored", "registered"]

    def keep(self, stream: BinaryIO, path: Path, meta: NewRaw) -> Archived:
        """Keep the bytes unless they are held, and add the receipt."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `dataset` of a refused file is what it was said to be, if that."""

    path: str
    status: Literal["stored", "registered", "held", "refused"]
    dataset: Dataset | None
    bytes: int = 0
    sha256: str | None = None
    key: str | None = None
    found: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Archiver:
    """Archives files of one command: their receipts share one time, and are told by position.

    `wanted`: refuse what is of another dataset. `watch` is called with bytes as they are read.
    """

    keeper: Keeper
    wanted: Dataset | None
    received_at: datetime
    watch: Callable[[int], None]

    def archive_files(self, candidates: Sequence[Candidate]) -> Iterator[Outcome]:
        """The outcome of each file, as it is reached. Raises StoreUnavailable."""
        for position, candidate in enumerate(candidates):
            outcome = self._archive_or_refuse(candidate, position)
            _report(outcome)
            yield outcome

    def _archive_or_refuse(self, candidate: Candidate, position: int) -> Outcome:
        meter = Meter(self.watch, work_bytes(candidate))
        try:
            return self._archive(candidate, position, meter)
        except SourceError as error:
            return _refused(printable(candidate.path), self.wanted, error)
        finally:
            meter.finish()

    def _archive(self, candidate: Candidate, position: int, meter: Meter) -> Outcome:
        name = printable(candidate.path)
        if candidate.flaw:
            raise FileRefused(name, candidate.flaw, READABLE)
        with metered_file(candidate.path, name, meter) as stream:
            with refusing_unreadable(name):
                examined = examine(stream, name, self.wanted)
                stream.seek(0)
            meta = _meta(examined, candidate.path, self.received_at, position)
            archived = self.keeper.keep(stream, candidate.path, meta)
        status = self.keeper.done if archived.new else "held"
        return Outcome(
            name, status, examined.dataset, archived.bytes, archived.sha256, archived.key
        )


def work_bytes(candidate: Candidate) -> int:
    """Bytes to read of a file: once to examine it, once for its digest, once to store it."""
    return 0 if candidate.flaw else 3 * candidate.bytes


def _meta(examined: Examined, path: Path, received_at: datetime, position: int) -> NewRaw:
    return NewRaw(
        dataset=examined.dataset,
        extension=examined.extension,
        media=examined.media,
        packing=examined.packing,
        synthetic=examined.synthetic,
        origin=printable(path.name),
        position=position,
        received_at=received_at,
    )


def _refused(name: str, wanted: Dataset | None, error: SourceError) -> Outcome:
    if not isinstance(error, FileRefused):
        return Outcome(name, "refused", wanted, found=str(error), expected=READABLE)
    # Where in an archive it was found is told by the name of the refusal.
    inside = error.name.removeprefix(name).strip()
    found = f"in {inside[1:-1]}: {error.found}" if inside else error.found
    return Outcome(name, "refused", wanted, found=printable(found), expected=error.expected)


def _report(outcome: Outcome) -> None:
    if outcome.status == "refused":
        _log.warning(
            "file refused", path=outcome.path, found=outcome.found, expected=outcome.expected
        )
    else:
        _log.info(
            f"file {outcome.status}", path=outcome.path, dataset=outcome.dataset, key=outcome.key
        )
