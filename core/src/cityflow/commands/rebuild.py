"""`cityflow rebuild`: everything published, made anew."""

from typing import Annotated, Literal

import typer

from cityflow.admin import rebuilding
from cityflow.commands import asked
from cityflow.console import print_result
from cityflow.settings import Settings
from cityflow.storage import open_store
from cityflow.telemetry import configure_logging


def rebuild(
    source: Annotated[
        Literal["raw"], typer.Option("--from", help="What to make it from: the raw files.")
    ],
    *,
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published",
            help="First make every edition in the ledger from what its run had read.",
        ),
    ] = False,
    json: asked.AsJson = False,
) -> None:
    """Make anew the current edition of every day, byte for byte, and the reports of all days.

    What stands already stays. Exit codes: 0 done; 2 no service is installed that can; 3 a raw file
    cannot be read; 4 something could not be made as it was; 5 the store cannot be reached.
    """
    settings = Settings.load()
    configure_logging(settings)
    with open_store(settings) as store:
        done = list(rebuilding.rebuild(store, settings, as_published=as_published))
    result = {"rebuilt": [rebuilding.document(*one) for one in done]}
    print_result(result, [] if json else [rebuilding.table(done)], json)
    for _, one in done:
        if one.error:
            raise one.error
