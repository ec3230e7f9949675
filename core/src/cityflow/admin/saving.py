"""A store into a folder: its documents (export), or everything (backup)."""

from collections.abc import Sequence
from pathlib import Path

from cityflow.admin import outside
from cityflow.admin.archive import objects_of, prepare, write_documents
from cityflow.admin.choice import Choice
from cityflow.admin.documents import Database, Frozen
from cityflow.admin.journal import Journal
from cityflow.admin.manifest import write_manifest
from cityflow.admin.move import Moved
from cityflow.admin.objects import ObjectsMove, content_of
from cityflow.admin.pairing import in_threads, paired
from cityflow.admin.tally import Fate, Kind, Tally
from cityflow.console import progress
from cityflow.contracts import Manifest, SavedDocuments, SavedObject
from cityflow.storage import Documents, ObjectInfo, Objects, Store


def export(documents: Documents, folder: Path, elsewhere: Sequence[Path], choice: Choice) -> Tally:
    """The chosen documents as JSON lines and a manifest.

    `elsewhere` are the folders of the store. Raises BadArguments, StoreUnavailable.
    """
    choice.check(documents.types(), ())
    journal = prepare(folder, elsewhere)
    tally = Tally()
    saved = _save_documents(documents, folder, choice, tally)
    write_manifest(folder, Manifest(kind="export", documents=saved))
    journal.unlink()
    return tally


def backup(store: Store, folder: Path, elsewhere: Sequence[Path], choice: Choice) -> Moved:
    """All documents and objects, raw files too; those outside the store are named, not copied.

    Killed, the same command finishes it.

    Documents come first: what they name was written before them, so it is there to be copied.
    Raises BadArguments, StoreUnavailable.
    """
    path = prepare(folder, elsewhere)
    tally = Tally()
    files = outside.registered(Database(store.documents), choice)
    documents = _save_documents(store.documents, folder, choice, tally)
    with Journal(path, resume=True) as journal:
        there = objects_of(folder)
        _copy(store.objects, there, choice, journal, tally)
        objects = tuple(_kept(store.objects, there, choice, journal))
        manifest = Manifest(kind="backup", documents=documents, objects=objects)
        write_manifest(folder, manifest)
        journal.forget()
    return Moved(tally, outside=outside.say(files, outside.Fate.NAMED))


def _save_documents(
    documents: Documents, folder: Path, choice: Choice, tally: Tally
) -> tuple[SavedDocuments, ...]:
    source = Frozen.of(Database(documents), choice)
    saved = []
    with progress("Saving documents", unit="documents") as shown:
        for file in write_documents(folder, source, choice):
            saved.append(file)
            kind = Kind("documents", file.type)
            tally.add_many(kind, Fate.COPIED, file.documents, file.bytes)
            shown.advance(file.documents)
    return tuple(sorted(saved, key=lambda file: (file.type, file.day)))


def _copy(here: Objects, there: Objects, choice: Choice, journal: Journal, tally: Tally) -> None:
    total = sum(info.size for info in here.list("") if choice.wants_object(info.key))
    with progress("Saving objects", total, "bytes") as shown:
        ObjectsMove(here, there, choice, tally, journal, overwrite=True).run(shown.advance)


def _kept(here: Objects, there: Objects, choice: Choice, journal: Journal) -> list[SavedObject]:
    """What the folder holds in the end, without what the store has dropped meanwhile."""
    wanted = (info for info in here.list("") if choice.wants_object(info.key))
    held: list[ObjectInfo] = []
    for one, saved in paired(wanted, there.list(""), name=lambda info: info.key):
        if saved is None:
            continue
        if one is None:
            there.delete(saved.key)
        else:
            held.append(saved)
    return list(in_threads(lambda info: _saved(there, info, journal), held))


def _saved(there: Objects, info: ObjectInfo, journal: Journal) -> SavedObject:
    content = journal.done.get(info.key)
    if content is None or content.size != info.size:
        content = content_of(there, info.key)
    return SavedObject(key=info.key, bytes=content.size, sha256=content.sha256)
