"""Why a dataset has figures on a day or has none; pure, from its pointer and its last run."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from cityflow.contracts import Counts, Dataset, Pointer, Run, Severity
from cityflow.contracts.published import TABLES
from cityflow.contracts.report import Reason

NOTE_LIMIT = 500


@dataclass(frozen=True)
class Verdict:
    """`published`, or the reason why not; and what else to know, in words."""

    status: Literal["published"] | Reason
    note: str | None


def judge(dataset: Dataset, day: date, pointer: Pointer | None, last: Run | None) -> Verdict:
    """The state of a dataset on a day; `last` is its last finished processing run, if any."""
    fault = _fault(last)
    if pointer is None:
        return _without_edition(dataset, day, last, fault)
    stands = _stands(last, fault)
    if pointer.status == "published":
        return Verdict("published", stands or None)
    return Verdict("no_data_from_source", f"{_silence(day, last)} {stands}".strip())


def _silence(day: date, last: Run | None) -> str:
    """That there are no figures: for want of rows, or of rows that can be used."""
    late = "rows that arrive late are published by a new run."
    counts = last.counts if last and last.counts else Counts()
    if counts.published:
        return f"No row of {day} is published; {late}"
    if counts.rejected:
        return (
            f"The source holds rows for {day} ({counts.rejected:,}), but none can be used: they "
            f"are kept as rejects; {late}"
        )
    return f"The source holds no row for {day}; {late}"


def _stands(last: Run | None, fault: str | None) -> str:
    """Why a standing edition was not renewed. An interruption says nothing of it: no word."""
    if last is None or fault is None or last.outcome == "interrupted":
        return ""
    return _cut(f"Its last run was not published, the edition before it stands. {fault}")


def _without_edition(dataset: Dataset, day: date, last: Run | None, fault: str | None) -> Verdict:
    if fault is None or last is None:
        return Verdict("never_processed", _never_processed(dataset, day))
    if last.outcome == "red":
        advice = (
            f"Nothing was published for {day}. Correct the source, then {_again(dataset, day)}."
        )
        return Verdict("gate_red", _cut(fault, advice))
    return Verdict("failed", _cut(fault, f"Look at its log, then {_again(dataset, day)}."))


def _never_processed(dataset: Dataset, day: date) -> str:
    if dataset.value not in TABLES:
        return f"This version of CityFlow does not process {dataset.value} yet."
    return (
        f"No run has finished for {day}: ingest its files with `cityflow-ingest files PATH`, "
        f"then {_again(dataset, day)}."
    )


def _again(dataset: Dataset, day: date) -> str:
    return f"run `cityflow-processor run --date {day} --dataset {dataset.value}`"


def _fault(last: Run | None) -> str | None:
    """What went wrong in a run, or None if nothing did."""
    if last is None:
        return None
    if last.outcome == "red":
        gates = [f"{c.name}: {c.message}" for c in last.checks if c.severity is Severity.RED]
        return f"Red gate: {'; '.join(gates) or 'not named in the run'}."
    if last.outcome == "failed":
        return f"The run failed: {last.error or 'no reason was recorded'}."
    if last.outcome == "interrupted":
        return "The run was interrupted before it ended."
    return None


def _cut(text: str, advice: str = "") -> str:
    """One line, bounded, with the advice always whole."""
    line = " ".join(text.split())
    limit = NOTE_LIMIT - len(advice)
    line = line if len(line) <= limit else f"{line[: limit - 1]}…"
    return f"{line} {advice}".strip()
