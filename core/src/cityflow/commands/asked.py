"""Arguments that several subcommands share, and how they end."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cityflow.admin import outside
from cityflow.admin.choice import Choice
from cityflow.admin.move import Moved
from cityflow.console import print_result
from cityflow.errors import BadArguments

_FORMAT = ["%Y-%m-%d"]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Do not read again the objects that a killed run finished.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace also what is later there, or differs.")
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Read all again on both sides and compare the digests.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--types",
        help="Only these document types and top folders of objects (run, edition/comptages, raw), "
        "each with all below it; several with commas.",
    ),
]
FirstDay = Annotated[
    datetime | None,
    typer.Option("--from-date", formats=_FORMAT, help="First service day; raw files always go."),
]
LastDay = Annotated[
    datetime | None, typer.Option("--to-date", formats=_FORMAT, help="Last service day.")
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Leave out parts/, which processing rebuilds.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder; made if needed.")]


def choice_of(
    kinds: Sequence[str] | None = None,
    first: datetime | None = None,
    last: datetime | None = None,
    *,
    no_cache: bool = False,
) -> Choice:
    """What was asked for. Raises BadArguments."""
    days = _day(first), _day(last)
    if days[0] and days[1] and days[0] > days[1]:
        raise BadArguments(f"--from-date {days[0]} is after --to-date {days[1]}: swap them")
    named = [kind.strip().strip("/") for each in kinds or () for kind in each.split(",")]
    return Choice(tuple(filter(None, named)), *days, cache=not no_cache)


def end(moved: Moved, title: str, as_json: bool) -> None:
    """Print the reconciliation, then raise what was wrong, if anything was."""
    document = {**moved.tally.document(), "outside": [one.document() for one in moved.outside]}
    tables = [moved.tally.table(title), *([outside.table(moved.outside)] if moved.outside else [])]
    print_result(document, tables, as_json)
    if moved.error:
        raise moved.error


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None
