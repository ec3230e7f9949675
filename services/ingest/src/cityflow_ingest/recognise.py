"""What a file is, by its header and its content; or what was found instead, in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cityflow.contracts import Dataset
from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow.dialect import shorten
from cityflow.errors import FileRefused
from cityflow_ingest.formats import Column, Format, Media
from cityflow_ingest.json_sample import json_sample, looks_like_json
from cityflow_ingest.known import FORMATS, LOOK_ALIKES, formats_of
from cityflow_ingest.sample import Head, Record, Sample, csv_sample, refuse_binary

_LISTED_COLUMNS: Final = 8


@dataclass(frozen=True)
class Recognised:
    """The format of one file, how it is written, whether it says it was generated, and the normal
    names of its columns.
    """

    format: Format
    media: Media
    synthetic: bool
    columns: frozenset[str]


def recognise(head: Head, name: str, wanted: Dataset | None = None) -> Recognised:
    """The format of a file from its first bytes; `wanted`: what it must be.

    Raises FileRefused, naming `name`, with what was found and what was expected.
    """
    refuse_binary(head, name)
    sample = json_sample(head, name) if looks_like_json(head) else csv_sample(head, name)
    known = _format(sample, name, wanted)
    if wanted not in (None, known.dataset):
        raise FileRefused(name, str(known), _expected(wanted))
    if sample.media not in known.media:
        found = f"{known} as {sample.media.upper()}"
        raise FileRefused(name, found, f"{known} as {' or '.join(known.media).upper()}")
    _check_values(sample, known, name)
    synthetic = sample.synthetic or _is_synthetic(sample.records)
    return Recognised(known, sample.media, synthetic, sample.keys)


def _format(sample: Sample, name: str, wanted: Dataset | None) -> Format:
    keys = sample.keys
    for look_alike in LOOK_ALIKES:
        if look_alike.fits(keys):
            raise FileRefused(name, look_alike.title, _expected(wanted))
    for known in FORMATS:
        if known.fits(sample.container, keys):
            return known
    raise _unknown(sample, name, wanted)


def _unknown(sample: Sample, name: str, wanted: Dataset | None) -> FileRefused:
    """The refusal that helps most: the columns that lack, or else those that are there."""
    if not sample.columns:
        return FileRefused(name, sample.flaw, _expected(wanted))
    nearest = _nearest(sample, wanted)
    if nearest is None:
        return FileRefused(name, f"the columns {_listed(sample.columns)}", _expected(wanted))
    if missing := nearest.missing(sample.keys):
        found = f"columns like those of {nearest}, without {_listed(missing)}"
    elif others := nearest.without & sample.keys:
        found = f"columns of {nearest}, but also {', '.join(sorted(others))}"
    else:
        found = f"columns of {nearest}, but in {sample.container}"
    return FileRefused(name, found, _needs(nearest))


def _nearest(sample: Sample, wanted: Dataset | None) -> Format | None:
    """The format of which most required columns are there, if that is half of them or more."""

    def share(known: Format) -> float:
        return 1 - len(known.missing(sample.keys)) / len(known.required)

    nearest = max(formats_of(wanted) if wanted else FORMATS, key=share)
    return nearest if share(nearest) >= 0.5 else None


def _check_values(sample: Sample, known: Format, name: str) -> None:
    """At least one record must be plausible: other contents can stand under the same header."""
    if not sample.records:
        raise FileRefused(name, sample.flaw, f"records of {known}")
    faults = [_fault(record, known) for record in sample.records]
    if all(faults):
        expected = ", ".join(f"{column} {column.kind.title}" for column in known.required)
        found = f"the columns of {known}, but in no record their content: first {faults[0]}"
        raise FileRefused(name, found, expected)


def _fault(record: Record, known: Format) -> str:
    """The first value that is not what its column holds; empty if there is none."""
    for column in known.required:
        value = next((record[key] for key in column.keys if key in record), "").strip()
        if not column.kind.pattern.fullmatch(value):
            return f"{column} = {shorten(value)}"
    return ""


def _is_synthetic(records: Iterable[Record]) -> bool:
    return any(
        value.startswith(SYNTHETIC_PREFIX) for record in records for value in record.values()
    )


def _expected(wanted: Dataset | None) -> str:
    if wanted:
        return " or ".join(_needs(known) for known in formats_of(wanted))
    datasets = dict.fromkeys(known.dataset for known in FORMATS)
    return f"a file of {', '.join(datasets)}"


def _needs(known: Format) -> str:
    return f"{known} with {', '.join(str(column) for column in known.required)}"


def _listed(columns: tuple[str, ...] | tuple[Column, ...]) -> str:
    named = [column.strip() if isinstance(column, str) else str(column) for column in columns]
    shown = ", ".join(shorten(column, 40)[1:-1] for column in named[:_LISTED_COLUMNS])
    return (
        shown
        if len(named) <= _LISTED_COLUMNS
        else f"{shown} and {len(named) - _LISTED_COLUMNS} more"
    )
