"""`cityflow export`, `import`, `backup` and `restore`: a store in a folder and back."""

from contextlib import closing
from pathlib import Path

from cityflow.admin import loading, saving
from cityflow.admin.choice import Choice
from cityflow.admin.journal import journal_path
from cityflow.admin.move import Manner, Moved
from cityflow.commands import asked
from cityflow.settings import Settings
from cityflow.storage import canonical, open_store
from cityflow.storage.factory import open_documents
from cityflow.telemetry import configure_logging


def export(
    folder: asked.Folder,
    *,
    types: asked.Kinds = None,
    from_date: asked.FirstDay = None,
    to_date: asked.LastDay = None,
    json: asked.AsJson = False,
) -> None:
    """Write the documents into an empty folder: JSON lines by type and day, and a manifest.

    Exit codes: 0 done; 2 the folder cannot be used; 5 the store cannot be reached.
    """
    choice = asked.choice_of(types, from_date, to_date)
    settings = _settings()
    with closing(open_documents(settings)) as documents:
        tally = saving.export(documents, folder, _places(settings), choice)
    asked.end(Moved(tally), f"Exported to {folder}", json)


def import_(
    folder: asked.Folder,
    *,
    types: asked.Kinds = None,
    from_date: asked.FirstDay = None,
    to_date: asked.LastDay = None,
    dry_run: asked.DryRun = False,
    verify: asked.Verify = False,
    overwrite: asked.Overwrite = False,
    json: asked.AsJson = False,
) -> None:
    """Write the documents of an export into the database, with their versions.

    Exit codes: 0 done; 2 refused, as something there is later; 3 the export is damaged; 5 the
    store cannot be reached; 75 what was verified differs.
    """
    choice = asked.choice_of(types, from_date, to_date)
    settings = _settings()
    manner = Manner(_journal(settings, folder), choice, overwrite, dry_run, verify)
    with closing(open_documents(settings)) as documents:
        moved = loading.import_documents(folder, documents, manner)
    asked.end(moved, f"Imported from {folder}", json)


def backup(
    folder: asked.Folder, *, no_cache: asked.NoCache = False, json: asked.AsJson = False
) -> None:
    """Copy all documents and objects, raw files too, into an empty folder.

    Files that `cityflow-ingest history` registered where they lie are named, not copied. Killed,
    the same command finishes it. Exit codes: 0 done; 2 the folder cannot be used; 5 the store
    cannot be reached.
    """
    settings = _settings()
    with open_store(settings) as store:
        saved = saving.backup(store, folder, _places(settings), Choice(cache=not no_cache))
    asked.end(saved, f"Backup in {folder}", json)


def restore(
    folder: asked.Folder,
    *,
    dry_run: asked.DryRun = False,
    resume: asked.Resume = False,
    overwrite: asked.Overwrite = False,
    json: asked.AsJson = False,
) -> None:
    """Copy a backup back into the store, and compare every digest at the end.

    Killed, the same command finishes it. Exit codes: 0 done; 2 refused, as something there is
    later; 3 the backup is damaged; 5 the store cannot be reached; 75 what was verified differs.
    """
    settings = _settings()
    manner = Manner(
        _journal(settings, folder),
        overwrite=overwrite,
        dry_run=dry_run,
        verify=not dry_run,
        resume=resume,
    )
    with open_store(settings) as store:
        moved = loading.restore(folder, store, manner)
    asked.end(moved, f"Restored from {folder}", json)


def _settings() -> Settings:
    settings = Settings.load()
    configure_logging(settings)
    return settings


def _places(settings: Settings) -> list[Path]:
    return [settings.output_dir, settings.data_dir_raw]


def _journal(settings: Settings, folder: Path) -> Path:
    name = f"restore-{canonical.digest(str(folder.resolve()))[:16]}"
    return journal_path(settings.output_dir, name)
