"""What was fetched, as one JSON document or as tables for people; both say the same."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from cityflow.contracts import Severity
from cityflow_ingest.collecting import Collected
from cityflow_ingest.fetching import Fetched

_OUTCOMES: Final = ("new", "unchanged", "no_data", "red", "failed")


def as_document(collected: Collected) -> dict[str, Any]:
    """`datasets` (counts), `fetched` (one a feed and day), `skipped` (what was not asked for)."""
    datasets = sorted(
        {one.dataset for one in collected.fetched} | {one.dataset for one in collected.skipped}
    )
    return {
        "datasets": {
            dataset: _counts([one for one in collected.fetched if one.dataset == dataset])
            for dataset in datasets
        },
        "fetched": [_fetched(one) for one in collected.fetched],
        "skipped": [
            {
                "feed": one.feed,
                "dataset": one.dataset,
                "days": [str(day) for day in one.days],
                "reason": one.reason,
            }
            for one in collected.skipped
        ],
    }


def as_tables(collected: Collected) -> list[Table]:
    """One table of the feeds that were asked for, and one of what needs attention, if any."""
    feeds = Table("Feed", *_OUTCOMES, "Rows", "Retries", title="Fetched")
    for name in dict.fromkeys(one.feed for one in collected.fetched):
        ours = [one for one in collected.fetched if one.feed == name]
        counts = _counts(ours)
        numbers = (f"{counts[key]:,}" for key in (*_OUTCOMES, "rows", "retries"))
        feeds.add_row(name, *numbers)
    notes = list(_notes(collected))
    if not notes:
        return [feeds]
    said = Table("Feed", "Day", "What", title="To be looked at")
    for feed, day, text in notes:
        # Text: what a source says is not markup.
        said.add_row(feed, day, Text(text))
    return [feeds, said] if collected.fetched else [said]


def _notes(collected: Collected) -> Sequence[tuple[str, str, str]]:
    failed = [
        (one.feed, str(one.day), one.reason)
        for one in collected.fetched
        if one.outcome in ("red", "failed")
    ]
    yellow = [
        (one.feed, str(one.day), check.message)
        for one in collected.fetched
        for check in one.checks
        if check.severity is Severity.YELLOW
    ]
    skipped = [(one.feed, _days(len(one.days)), one.reason) for one in collected.skipped]
    return [*failed, *skipped, *yellow]


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"


def _counts(fetched: Sequence[Fetched]) -> dict[str, int]:
    outcomes = Counter(one.outcome for one in fetched)
    return {
        "asked": len(fetched),
        **{name: outcomes[name] for name in _OUTCOMES},
        "rows": sum(one.rows or 0 for one in fetched),
        "retries": sum(len(one.retries) for one in fetched),
    }


def _fetched(one: Fetched) -> dict[str, Any]:
    return {
        "feed": one.feed,
        "dataset": one.dataset,
        "day": str(one.day),
        "outcome": one.outcome,
        "rows": one.rows,
        "bytes": one.bytes,
        "key": one.key,
        "reason": one.reason,
        "checks": [check.model_dump(mode="json") for check in one.checks],
        "retries": [retry.model_dump(mode="json") for retry in one.retries],
    }
