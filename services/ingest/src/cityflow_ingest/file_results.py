"""What became of files, as one JSON document or as tables for people; both say the same."""

from collections.abc import Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from cityflow.contracts import Dataset
from cityflow_ingest.archive_files import Outcome

_STATUSES: Final = ("stored", "registered", "held", "refused")


def as_document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`datasets` (counts; bytes of the files that are now in raw/), `files`, `refused`."""
    files = ("path", "dataset", "status", "sha256", "key")
    refused = ("path", "found", "expected")
    return {
        "datasets": {dataset: _counts(outcomes, dataset) for dataset in _datasets(outcomes)},
        "files": [{name: getattr(one, name) for name in files} for one in outcomes],
        "refused": [
            {name: getattr(one, name) for name in refused}
            for one in outcomes
            if one.status == "refused"
        ],
    }


def as_tables(outcomes: Sequence[Outcome]) -> list[Table]:
    """One table of the files, and one of the datasets if there are several files."""
    files = Table("File", "Dataset", "Status", "Found, expected", title="Files")
    for one in outcomes:
        why = f"found {one.found}; expected {one.expected}" if one.found else one.key or ""
        # Text: a file name is not markup.
        files.add_row(Text(one.path), one.dataset or "", one.status, Text(why))
    if len(outcomes) < 2:
        return [files]
    return [files, _dataset_table(outcomes)]


def _dataset_table(outcomes: Sequence[Outcome]) -> Table:
    names = ("files", *_STATUSES, "bytes")
    table = Table("Dataset", title="Datasets")
    for name in names:
        table.add_column(name.capitalize(), justify="right")
    for dataset in [*_datasets(outcomes), None]:
        counts = _counts(outcomes, dataset)
        if counts["files"]:
            table.add_row(dataset or "not recognised", *(f"{counts[name]:,}" for name in names))
    return table


def _datasets(outcomes: Sequence[Outcome]) -> list[Dataset]:
    return sorted({one.dataset for one in outcomes if one.dataset})


def _counts(outcomes: Sequence[Outcome], dataset: Dataset | None) -> dict[str, int]:
    ours = [one for one in outcomes if one.dataset == dataset]
    by_status = {status: sum(one.status == status for one in ours) for status in _STATUSES}
    return {"files": len(ours), **by_status, "bytes": sum(one.bytes for one in ours)}
