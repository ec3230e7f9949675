"""The command line of ingest; the one place where its parts are wired together."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cityflow.console import App, print_result, progress
from cityflow.contracts import Dataset
from cityflow.errors import BadArguments, SourceError
from cityflow.settings import Settings
from cityflow.storage import RawZone, open_store
from cityflow.telemetry import configure_logging
from cityflow_ingest.archive_files import Archiver, work_bytes
from cityflow_ingest.find_files import find_files
from cityflow_ingest.known import formats_of
from cityflow_ingest.results import as_document, as_tables

app = App(help="Sources to raw: recognises, archives and receipts what arrives.")


@app.command()
def files(
    paths: Annotated[
        list[Path], typer.Argument(readable=False, help="Files, or folders with all below")
    ],
    dataset: Annotated[
        Dataset | None, typer.Option(help="Refuse whatever is not of this dataset")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Result as one JSON document")] = False,
) -> None:
    """Archive files in the raw zone: CSV or JSON, plain, gzip or zip, told by their content.

    Exit code: 0 all archived or already held; 3 a file was refused or could not be read; 2 a path
    that does not exist; 5 the store.
    """
    if dataset and not formats_of(dataset):
        raise BadArguments(f"--dataset {dataset}: this dataset is not read from files")
    settings = Settings.load()
    configure_logging(settings)
    candidates = find_files(paths)
    total = sum(work_bytes(candidate) for candidate in candidates)
    with open_store(settings) as store, progress("Archiving", total, "bytes") as bar:
        archiver = Archiver(RawZone(store), dataset, datetime.now(UTC), bar.advance)
        outcomes = list(archiver.archive_files(candidates))
    print_result(as_document(outcomes), as_tables(outcomes), as_json)
    if any(outcome.status == "refused" for outcome in outcomes):
        raise typer.Exit(SourceError.exit_code)
