"""`cityflow prune`: old caches and superseded editions."""

from datetime import UTC, datetime
from typing import Annotated, cast, get_args

import typer

from cityflow.admin.pruning import Rule, What, carry_out, document, plan, table
from cityflow.commands import asked
from cityflow.console import print_result
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.storage import open_store
from cityflow.telemetry import configure_logging

_KINDS = get_args(What)


def prune(
    keep: Annotated[int, typer.Option(metavar="DAYS", min=1, help="Days to keep everything.")],
    *,
    types: Annotated[
        str, typer.Option(help=f"What may go, with commas: {', '.join(_KINDS)}.")
    ] = "cache,editions",
    dry_run: asked.DryRun = False,
    json: asked.AsJson = False,
) -> None:
    """Delete caches of older days, and editions superseded for longer than that.

    Raw files, current editions and what current reports rest on are never deleted. `rejects` (the
    evidence of older days) and `runs` (the ledger, without which no edition can be given back as
    published) go only if they are named. Exit codes: 0 done; 2 wrong arguments; 5 no store.
    """
    rule = Rule(_kinds(types), keep, datetime.now(UTC))
    settings = Settings.load()
    configure_logging(settings)
    with open_store(settings) as store:
        doomed = plan(store, rule)
        if not dry_run:
            carry_out(store, doomed)
    title = "Would be deleted" if dry_run else "Deleted"
    print_result(document(doomed) | {"dry_run": dry_run}, [table(doomed, title)], json)


def _kinds(text: str) -> frozenset[What]:
    named = {name.strip() for name in text.split(",")} - {""}
    if unknown := sorted(named - set(_KINDS)) or not named:
        raise BadArguments(f"--types {unknown or text!r}: expected some of {', '.join(_KINDS)}")
    return frozenset(cast("set[What]", named))
