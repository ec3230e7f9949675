"""What a source publishes beside what is known of it: a difference is said, a loss is red."""

from collections.abc import Collection, Set

from cityflow.contracts import Check, Severity
from cityflow.published_names import normalise
from cityflow_ingest.tenant import Feed


def compare_fields(feed: Feed, published: Set[str]) -> Check:
    """The fields that the source tells, compared with those the feed knows, if it knows any."""
    selected = feed.selected
    fields = {name: selected.get(name, name) for name in feed.required}
    known = {*selected.values(), *feed.also_published, *fields.values()}
    return _check(
        lost=[field for field in fields.values() if field not in published],
        gone=known - published if _knows(feed) else (),
        new=published - known - {*feed.sometimes_published} if _knows(feed) else (),
    )


def compare_columns(feed: Feed, columns: Set[str]) -> Check:
    """The columns that arrived, by their normal names, compared with those that were asked for.

    A document shows the fields of its first records only: none is missed there unless it is
    required, none is new unless others are known.
    """
    expected = feed.selected or (*feed.also_published, *feed.sometimes_published)
    names = (*expected, *feed.required, "geometry")
    known = {normalise(name) for name in names}
    return _check(
        lost=[name for name in feed.required if normalise(name) not in columns],
        gone=(),
        new=columns - known if _knows(feed) else (),
    )


def _knows(feed: Feed) -> bool:
    """Whether the feed lists more columns than it requires."""
    return bool(feed.select or feed.also_published)


def _check(lost: Collection[str], gone: Collection[str], new: Collection[str]) -> Check:
    if lost:
        message = f"required columns are gone: {_listed(lost)}; also new: {_listed(new)}"
        return Check(name="schema", severity=Severity.RED, message=message)
    if gone or new:
        message = f"columns gone: {_listed(gone)}; new: {_listed(new)}"
        return Check(name="schema", severity=Severity.YELLOW, message=message)
    return Check(name="schema", severity=Severity.GREEN, message="the columns are those known")


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:20]) or "none"
