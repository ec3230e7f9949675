"""Files that are registered where they lie, outside the store: whoever copies a store names them.

Their registration is worth nothing where the files are not, so a migration must be told what
becomes of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cityflow.admin.choice import Choice
from cityflow.admin.documents import Source
from cityflow.admin.tally import some
from cityflow.contracts import OutsideFile
from cityflow.errors import BadArguments, ObjectNotFound, SourceError
from cityflow.storage import RawZone, Store, intake, outside, rules
from cityflow.telemetry import get_logger

if TYPE_CHECKING:
    from rich.table import Table

_log = get_logger(__name__)


class Fate(StrEnum):
    """What becomes of a registered file when its store is copied."""

    REFUSED = "refused"
    COPIED = "copied"
    LEFT_OUT = "left out"
    NAMED = "not copied"


@dataclass(frozen=True)
class Outside:
    """One registered file, and what is to be said of it."""

    path: str
    dataset: str
    bytes: int
    what: str

    @classmethod
    def of(cls, file: OutsideFile, what: str) -> "Outside":
        """The file with this said of it."""
        return cls(file.path, file.meta.dataset, file.meta.bytes, what)

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "path": self.path,
            "dataset": self.dataset,
            "bytes": self.bytes,
            "what": self.what,
        }


def registered(source: Source, choice: Choice) -> list[OutsideFile]:
    """The files that a source has registered, if they are chosen."""
    if outside.TYPE not in choice.types(source.types()):
        return []
    documents = source.walk(outside.TYPE, choice)
    return [rules.parse(OutsideFile, rules.name_of(one.id), one.body) for one in documents]


def present_state(file: OutsideFile) -> str:
    """Whether a file is there with its size; its bytes are not read."""
    try:
        size = Path(file.path).stat().st_size
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    as_registered = size == file.meta.bytes
    return "there" if as_registered else f"holds {size:,} bytes, {file.meta.bytes:,} registered"


def check(files: Sequence[OutsideFile], fate: Fate) -> None:
    """Refuse (BadArguments) to leave files behind unasked; SourceError if one to copy is gone."""
    if files and fate is Fate.REFUSED:
        total = sum(file.meta.bytes for file in files)
        raise BadArguments(
            f"{len(files):,} of the raw files ({total:,} bytes) lie outside the store: "
            f"{some(file.path for file in files)}; give --copy to store their bytes there, or "
            "--leave-out to go without them"
        )
    if fate is Fate.COPIED:
        lost = [file.path for file in files if present_state(file) != "there"]
        if lost:
            raise SourceError(
                f"cannot be copied: {some(lost)}; put the registered file back, or give "
                "--leave-out to go without"
            )


def say(files: Sequence[OutsideFile], fate: Fate) -> tuple[Outside, ...]:
    """What is to be said of each; a warning beside it if their bytes do not go along."""
    if files and fate is not Fate.COPIED:
        _log.warning(
            "raw files outside the store are not copied",
            files=len(files),
            first=files[0].path,
            bytes=sum(file.meta.bytes for file in files),
        )
    return tuple(Outside.of(file, fate.value) for file in files)


def store_there(file: OutsideFile, there: Store) -> None:
    """Put the bytes of a registered file into the raw zone of another store, with all receipts.

    Raises SourceError if they are not what was registered.
    """
    with outside.opened(file) as stream:
        RawZone(there).adopt(stream, file.meta)


def is_there(file: OutsideFile, there: Store) -> bool:
    """Whether the raw zone of a store holds the registered bytes: they are read."""
    key = RawZone(there).key_of(file.meta.dataset, file.meta.sha256)
    if key is None:
        return False
    try:
        with there.objects.open(key) as stream:
            return intake.digest_of(stream, key)[0] == file.meta.sha256
    except ObjectNotFound:
        return False


def table(files: Sequence[Outside]) -> "Table":
    """For people."""
    from rich.table import Table
    from rich.text import Text

    found = Table(title="Registered, outside the store")
    for name in ("file", "dataset", "bytes", "what"):
        found.add_column(name, justify="right" if name == "bytes" else "left")
    for one in files:
        found.add_row(Text(one.path), one.dataset, f"{one.bytes:,}", one.what)
    return found
