"""What is due: pure functions of the feed, of what is held, and of the time."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from cityflow.calendar import DAY, days, paris_day
from cityflow.contracts import Holding, Setback
from cityflow_ingest.tenant import Days, Feed

ASK_AGAIN: Final = timedelta(days=7)
"""Days that are missing or cut short are asked for again so often, while the source has them."""


def due_days(
    feed: Feed,
    held: Mapping[date, Holding],
    failed: Mapping[date, Setback],
    now: datetime,
    most_late: int,
) -> list[date]:
    """The days of a feed to ask for now.

    First the days that may still change, newest first: unless asked within the feed's own time.
    Then, oldest first because the source forgets them first, at most `most_late` others: never
    asked for, missing or short for a week, or last asked for while they could still change.
    Days that failed when they were last asked for come at the end, the longest ago first, so that
    they keep no other from its turn; of the late ones a quarter, or more if there are few others.
    A feed without days is due today, or not at all.
    """
    if feed.days is None:
        last = max((holding.asked_at for holding in held.values()), default=None)
        return [paris_day(now)] if last is None or now - last >= _every(feed) else []
    newest = newest_day(feed.days, now)
    first_changing = newest - DAY * (feed.days.changing - 1)
    fresh = [
        day
        for day in days(first_changing, newest)
        if (one := held.get(day)) is None or now - one.asked_at >= _every(feed)
    ]
    late = list(_late(feed.days, held, now, first_changing - DAY))
    late_again = _longest_ago_first((day for day in late if day in failed), failed)
    first_time = [day for day in late if day not in failed]
    late_again = late_again[: max(most_late - len(first_time), most_late // 4)]
    again = [*late_again, *(day for day in fresh if day in failed)]
    return [
        *(day for day in reversed(fresh) if day not in failed),
        *first_time[: most_late - len(late_again)],
        *_longest_ago_first(again, failed),
    ]


def newest_day(about: Days, now: datetime) -> date:
    """The newest day a source can have."""
    return paris_day(now) - DAY * about.first_after


def _late(about: Days, held: Mapping[date, Holding], now: datetime, last: date) -> Iterator[date]:
    for day in days(paris_day(now) - DAY * about.window, last):
        one = held.get(day)
        if one is None or _is_open(about, one, now):
            yield day


def _longest_ago_first(days: Iterable[date], failed: Mapping[date, Setback]) -> list[date]:
    return sorted(days, key=lambda day: (failed[day].failed_at, day))


def _is_open(about: Days, one: Holding, now: datetime) -> bool:
    """Whether a day is to be asked for once more."""
    last_changing = one.day + DAY * (about.first_after + about.changing - 1)
    if paris_day(one.asked_at) < last_changing:
        return True
    return one.status != "held" and now - one.asked_at >= ASK_AGAIN


def _every(feed: Feed) -> timedelta:
    return timedelta(minutes=feed.every_minutes)
