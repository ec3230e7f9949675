"""The report of a day: a pure function of its evidence. Same evidence, same report, same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from cityflow.attribution import attribution_for
from cityflow.contracts import Attribution, Dataset, Pointer, PublishedDocument, Run
from cityflow.contracts.base import Credited
from cityflow.contracts.report import DailyReport, Missing, SourceState
from cityflow.storage import canonical
from cityflow_reporter.why import judge

METHOD_VERSION = "5"
_FIELDS: Final = {Dataset.REGISTER: "confirmed"}
"""Where the report holds a dataset under another name than its own."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of one dataset on the day: its edition, if any, and its last run."""

    dataset: Dataset
    pointer: Pointer | None
    summary: PublishedDocument | None
    last_run: Run | None


def compose(day: date, evidence: Sequence[Evidence]) -> DailyReport:
    """The daily report; its edition is a digest of everything that shows in it."""
    sources = tuple(_state(day, item) for item in evidence)
    published = {source.dataset for source in sources if source.status == "published"}
    figures: dict[str, Any] = {
        _FIELDS.get(e.dataset, e.dataset.value): e.summary
        for e in evidence
        if e.dataset in published
    }
    return DailyReport(
        day=day,
        edition=_edition(day, sources),
        editions={s.dataset.value: s.edition for s in sources if s.edition is not None},
        method_version=METHOD_VERSION,
        attributions=_attributions(sources),
        sources=sources,
        missing=tuple(_missing(sources)),
        **{Dataset.COMPTAGES.value: None, **figures},
    )


def _state(day: date, item: Evidence) -> SourceState:
    verdict = judge(item.dataset, day, item.pointer, item.last_run)
    return SourceState(
        dataset=item.dataset,
        status=verdict.status,
        edition=item.pointer.edition if item.pointer else None,
        records=item.pointer.records if item.pointer else None,
        note=verdict.note,
        **_credit(item),
    )


def _credit(item: Evidence) -> dict[str, Any]:
    if item.summary is not None:
        return {name: getattr(item.summary, name) for name in Credited.model_fields}
    return {"attribution": attribution_for(item.dataset, synthetic=False)}


def _attributions(sources: Sequence[SourceState]) -> tuple[Attribution, ...]:
    carried = [source for source in sources if source.edition is not None]
    every = (credit for source in carried or sources for credit in source.attributions)
    return tuple(dict.fromkeys(every))


def _missing(sources: Sequence[SourceState]) -> list[Missing]:
    return [
        Missing(dataset=source.dataset, reason=source.status, explanation=source.note or "")
        for source in sources
        if source.status != "published"
    ]


def _edition(day: date, sources: Sequence[SourceState]) -> str:
    shown: dict[str, Any] = {
        "day": day.isoformat(),
        "method_version": METHOD_VERSION,
        "sources": {
            source.dataset.value: [source.status, source.edition, source.note] for source in sources
        },
    }
    return canonical.digest(canonical.dumps(shown))[:20]
