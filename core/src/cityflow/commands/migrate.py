"""`cityflow migrate`: from one pair of stores to another."""

from pathlib import Path
from typing import Annotated

import typer

from cityflow.admin.journal import journal_path
from cityflow.admin.move import Manner, move
from cityflow.admin.outside import Fate
from cityflow.admin.sides import Side, journal_name, open_route
from cityflow.commands import asked
from cityflow.errors import BadArguments
from cityflow.settings import Database, ObjectStore, Settings
from cityflow.telemetry import configure_logging

_OWN = "; unset: what the settings choose."

_Copy = Annotated[
    bool, typer.Option("--copy", help="Store there the bytes of files outside the store.")
]
_LeaveOut = Annotated[
    bool, typer.Option("--leave-out", help="Go without the files outside the store.")
]


def migrate(
    *,
    source: Annotated[
        Database | None, typer.Option("--from", help=f"Database to read{_OWN}")
    ] = None,
    target: Annotated[
        Database | None, typer.Option("--to", help=f"Database to write{_OWN}")
    ] = None,
    objects_from: Annotated[
        ObjectStore | None, typer.Option(help=f"Object store to read{_OWN}")
    ] = None,
    objects_to: Annotated[
        ObjectStore | None, typer.Option(help=f"Object store to write{_OWN}")
    ] = None,
    from_dir: Annotated[
        Path | None, typer.Option(help="OUTPUT_DIR of the side that is read.")
    ] = None,
    to_dir: Annotated[
        Path | None, typer.Option(help="OUTPUT_DIR of the side that is written.")
    ] = None,
    from_env: Annotated[
        Path | None, typer.Option(help="File with all settings of the side that is read.")
    ] = None,
    to_env: Annotated[
        Path | None, typer.Option(help="File with all settings of the side that is written.")
    ] = None,
    types: asked.Kinds = None,
    from_date: asked.FirstDay = None,
    to_date: asked.LastDay = None,
    no_cache: asked.NoCache = False,
    dry_run: asked.DryRun = False,
    verify: asked.Verify = False,
    resume: asked.Resume = False,
    overwrite: asked.Overwrite = False,
    copy: _Copy = False,
    leave_out: _LeaveOut = False,
    json: asked.AsJson = False,
) -> None:
    """Copy documents, with their versions, and objects from one store to another.

    What is in the same place on both sides stays there. Nothing is deleted. Run again, it copies
    what is missing. Files that `cityflow-ingest history` registered where they lie need --copy or
    --leave-out. Exit codes: 0 done; 2 refused, as something there is later; 3 a file outside the
    store is not what was registered; 5 a store cannot be reached; 75 what was verified differs:
    run it again.
    """
    choice = asked.choice_of(types, from_date, to_date, no_cache=no_cache)
    settings = Settings.load()
    configure_logging(settings)
    here = Side.of(settings, source, objects_from, from_dir, from_env)
    there = Side.of(settings, target, objects_to, to_dir, to_env)
    journal = journal_path(settings.output_dir, journal_name(here, there))
    manner = Manner(journal, choice, overwrite, dry_run, verify, resume, _fate(copy, leave_out))
    with open_route(here, there, dry_run=dry_run) as route:
        moved = move(route, manner)
    asked.end(moved, "Dry run" if dry_run else "Migrated", json)


def _fate(copy: bool, leave_out: bool) -> Fate:
    if copy and leave_out:
        raise BadArguments("--copy and --leave-out exclude each other; give one of them")
    return Fate.COPIED if copy else Fate.LEFT_OUT if leave_out else Fate.REFUSED
