"""How things stand: of every feed its freshness and gaps, of every source how it answered."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from rich.table import Table

from cityflow.calendar import DAY, day_bounds, days
from cityflow.contracts import Dataset, Holding, OutsideFile, SourceDay
from cityflow.storage import RawZone, Store
from cityflow_ingest.availability import Availability
from cityflow_ingest.holdings import Holdings
from cityflow_ingest.plan import newest_day
from cityflow_ingest.tenant import Feed, Tenant

HISTORY_DAYS: Final = 30
_SHOWN: Final = 5


@dataclass(frozen=True)
class FeedStanding:
    """What is held of a feed. `age_hours`: since the end of its newest day, or since its last
    snapshot; `late` if that is more than the feed should be. Of the days between the first that is
    held and the newest the source can have: `missing` are not at the source, `short` lack rows.
    Of `failing` days nothing came when they were last asked for.
    """

    feed: str
    dataset: Dataset
    last_success: datetime | None
    first_day: date | None
    last_day: date | None
    held_days: int
    age_hours: float | None
    late: bool | None
    missing: tuple[date, ...]
    short: tuple[date, ...]
    not_asked: tuple[date, ...]
    failing: tuple[date, ...]


@dataclass(frozen=True)
class SourceStanding:
    """How a source answered in the last days. `availability`: the share of attempts it answered."""

    source: str
    last_success: datetime | None
    last_failure: datetime | None
    availability: float | None
    days: tuple[SourceDay, ...]


@dataclass(frozen=True)
class Standing:
    """All of it; `outside`: files that are registered and not stored."""

    feeds: tuple[FeedStanding, ...]
    sources: tuple[SourceStanding, ...]
    outside: tuple[OutsideFile, ...]

    @classmethod
    def take(cls, store: Store, tenant: Tenant, now: datetime) -> "Standing":
        """Look now. Raises StoreUnavailable."""
        holdings = Holdings(store.documents)
        first = now.date() - DAY * (HISTORY_DAYS - 1)
        history = Availability(store.documents).history(first, now.date())
        return cls(
            tuple(
                _feed(feed, holdings.of(feed), holdings.failed(feed), now)
                for feed in tenant.feeds.values()
            ),
            tuple(_source(name, history.get(name, [])) for name in tenant.sources),
            tuple(RawZone(store).outside.files()),
        )

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "feeds": [asdict(one) for one in self.feeds],
            "sources": [
                {**asdict(one), "days": [day.model_dump(mode="json") for day in one.days]}
                for one in self.sources
            ],
            "outside": [file.model_dump(mode="json") for file in self.outside],
        }

    def tables(self) -> Iterator[Table]:
        """For people."""
        feeds = Table("Feed", "Last success", "Days", "First", "Last", "Age", "Gaps", title="Feeds")
        for one in self.feeds:
            days_held = f"{one.held_days:,}" if one.held_days else "–"
            age = "–" if one.age_hours is None else f"{one.age_hours:,.1f} h"
            feeds.add_row(
                one.feed, _instant(one.last_success), days_held, _day(one.first_day),
                _day(one.last_day), f"[red]{age} late[/red]" if one.late else age, _gaps(one),
            )  # fmt: skip
        yield feeds
        sources = Table(
            "Source", "Last success", "Last failure", f"Answered, {HISTORY_DAYS} days", "Why not",
            title="Sources",
        )  # fmt: skip
        for source in self.sources:
            share = "–" if source.availability is None else f"{source.availability:.1%}"
            last, failed = _instant(source.last_success), _instant(source.last_failure)
            sources.add_row(source.source, last, failed, share, _why(source))
        yield sources
        if self.outside:
            outside = Table("File", "Dataset", "Bytes", title="Registered, outside the store")
            for file in self.outside:
                outside.add_row(file.path, file.meta.dataset, f"{file.meta.bytes:,}")
            yield outside


def _feed(
    feed: Feed, held: Mapping[date, Holding], failed: Collection[date], now: datetime
) -> FeedStanding:
    with_rows = [day for day, one in held.items() if one.key]
    first, last = min(with_rows, default=None), max(with_rows, default=None)
    expected: list[date] = []
    if feed.days and first:
        expected = list(days(first, max(newest_day(feed.days, now), first)))
    age = _age_hours(feed, held, last, now)
    return FeedStanding(
        feed.name,
        feed.dataset,
        max((one.asked_at for one in held.values()), default=None),
        first,
        last,
        len(with_rows),
        age,
        None if age is None or feed.fresh_hours is None else age > feed.fresh_hours,
        tuple(day for day in expected if day in held and held[day].status == "missing"),
        tuple(day for day in expected if day in held and held[day].status == "short"),
        tuple(day for day in expected if day not in held),
        tuple(sorted(failed)),
    )


def _age_hours(
    feed: Feed, held: Mapping[date, Holding], last: date | None, now: datetime
) -> float | None:
    if last is None:
        return None
    end = day_bounds(last)[1] if feed.days else held[last].asked_at
    return round(max(timedelta(0), now - end) / timedelta(hours=1), 1)


def _source(name: str, history: Sequence[SourceDay]) -> SourceStanding:
    answered, failed = sum(d.answered for d in history), sum(d.failed for d in history)
    return SourceStanding(
        name,
        max((d.last_success_at for d in history if d.last_success_at), default=None),
        max((d.last_failure_at for d in history if d.last_failure_at), default=None),
        answered / (answered + failed) if answered + failed else None,
        tuple(history),
    )


def _gaps(one: FeedStanding) -> str:
    parts = [
        f"{len(found)} {word}: {', '.join(map(str, found[:_SHOWN]))}"
        + (" …" if len(found) > _SHOWN else "")
        for word, found in (
            ("missing", one.missing),
            ("short", one.short),
            ("not asked for", one.not_asked),
            ("failing", one.failing),
        )
        if found
    ]
    return "; ".join(parts) or "none"


def _why(source: SourceStanding) -> str:
    reasons: dict[str, int] = {}
    for day in source.days:
        for reason, count in day.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    return ", ".join(f"{reason} ×{count}" for reason, count in sorted(reasons.items()))


def _instant(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "never"


def _day(day: date | None) -> str:
    return str(day) if day else "–"
