"""A folder that holds documents and objects of a store: written to the end, or refused.

Until its manifest stands, a folder is a beginning that the same command finishes.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from cityflow.admin.choice import Choice
from cityflow.admin.documents import Source
from cityflow.admin.journal import Content
from cityflow.admin.lines import encode, read_documents, relative_path
from cityflow.admin.manifest import NAME
from cityflow.admin.pairing import in_threads
from cityflow.contracts import Manifest, SavedDocuments, SavedObject
from cityflow.errors import BadArguments, SourceError
from cityflow.storage import Document, atomic
from cityflow.storage.local import LocalObjects

UNFINISHED: Final = ".unfinished.jsonl"
OBJECTS: Final = "objects"
DOCUMENTS: Final = "documents"


def prepare(folder: Path, elsewhere: Sequence[Path]) -> Path:
    """Make the folder, or go on with what was begun there; returns the path of its journal.

    Raises BadArguments if it is complete, holds other things, or lies inside the store
    (`elsewhere`), which would then hold itself.
    """
    resolved = folder.resolve()
    if inside := [place for place in elsewhere if resolved.is_relative_to(place.resolve())]:
        raise BadArguments(f"{folder} lies inside the store ({inside[0]}); choose another folder")
    with atomic.faults(folder, "write in"):
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir()}
        if names >= {NAME, UNFINISHED}:
            (folder / NAME).unlink()  # a kill came at the very end: what there is counts as begun
        elif NAME in names:
            raise BadArguments(f"{folder} is complete already; choose another folder")
        if names and UNFINISHED not in names:
            raise BadArguments(f"{folder} holds other things; choose an empty folder")
        (folder / UNFINISHED).touch()
    return folder / UNFINISHED


def write_documents(folder: Path, source: Source, choice: Choice) -> Iterator[SavedDocuments]:
    """Write all chosen documents; what an earlier attempt left is replaced."""
    with atomic.faults(folder / DOCUMENTS, "remove"), suppress(FileNotFoundError):
        shutil.rmtree(folder / DOCUMENTS)
    for type in choice.types(source.types()):
        for day, documents in groupby(source.walk(type, choice), key=lambda one: one.id.day):
            path = folder / relative_path(type, day)
            count, content = _write(path, documents)
            yield SavedDocuments(
                type=type, day=day, documents=count, bytes=content.size, sha256=content.sha256
            )


def objects_of(folder: Path) -> LocalObjects:
    """The objects in the folder."""
    return LocalObjects(folder / OBJECTS)


@dataclass(frozen=True)
class Archived:
    """The documents of a complete folder, as a source."""

    folder: Path
    manifest: Manifest

    def types(self) -> list[str]:
        """All types that hold a document, sorted."""
        return sorted({one.type for one in self.manifest.documents})

    def walk(self, type: str, choice: Choice) -> Iterator[Document]:
        """The chosen documents of one type, by (day, key)."""
        for one in self.manifest.documents:
            if one.type == type and choice.wants_day(one.day):
                yield from read_documents(self.folder / relative_path(type, one.day), type, one.day)


def damage(folder: Path, manifest: Manifest) -> list[str]:
    """What is missing, changed or too much in a complete folder: all of it is read."""
    paths = {relative_path(one.type, one.day): one for one in manifest.documents}
    files: dict[Path, SavedDocuments | SavedObject] = dict(paths)
    files |= {Path(OBJECTS, *one.key.split("/")): one for one in manifest.objects}
    found = [f"{path} is not of it" for path in _present(folder) if path not in files]
    faults = in_threads(lambda path: _fault(folder, path, files[path]), files)
    return sorted([*found, *filter(None, faults)])


def _fault(folder: Path, path: Path, saved: SavedDocuments | SavedObject) -> str | None:
    whole = folder / path
    if not whole.is_file() or whole.is_symlink():
        return f"{path} is missing"
    with atomic.faults(whole, "read"), whole.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size != saved.bytes:
            return f"{path} holds {size:,} bytes, not {saved.bytes:,}"
        if hashlib.file_digest(stream, "sha256").hexdigest() != saved.sha256:
            return f"{path} holds other bytes"
    return _fault_of_lines(whole, path, saved) if isinstance(saved, SavedDocuments) else None


def _fault_of_lines(whole: Path, path: Path, saved: SavedDocuments) -> str | None:
    try:
        count = sum(1 for _ in read_documents(whole, saved.type, saved.day))
    except SourceError as error:
        return str(error)
    return None if count == saved.documents else f"{path} holds {count:,} documents"


def _present(folder: Path) -> Iterator[Path]:
    """Files and links in the folder, but for the manifest and what is hidden."""
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        links = [name for name in folders if (here / name).is_symlink()]
        for name in [*names, *links]:
            path = (here / name).relative_to(folder)
            if path != Path(NAME) and not name.startswith(atomic.HIDDEN):
                yield path


def _write(path: Path, documents: Iterator[Document]) -> tuple[int, Content]:
    sha256, size, count = hashlib.sha256(), 0, 0
    with atomic.faults(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            for document in documents:
                line = encode(document)
                stream.write(line)
                sha256.update(line)
                size += len(line)
                count += 1
            stream.flush()
            os.fsync(stream.fileno())
    return count, Content(size, sha256.hexdigest())
