"""Opendatasoft Explore v2.1: exports cut by day, checked against the portal's own count."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from cityflow.calendar import DAY, PARIS
from cityflow_ingest.tenant import Days, Feed
from cityflow_ingest.wire.faults import Ask, Fault

_BASE: Final = "api/explore/v2.1/catalog/datasets"


class Opendatasoft:
    """A portal."""

    def fields(self, feed: Feed) -> Ask | None:
        """The dataset's entry in the catalogue."""
        return Ask(_path(feed))

    def fields_in(self, answer: Any) -> frozenset[str]:
        """The names of its fields."""
        fields = answer.get("fields") if isinstance(answer, dict) else None
        if not isinstance(fields, list) or not all(isinstance(one, dict) for one in fields):
            raise Fault("broken answer", "no list of fields in the entry of the catalogue")
        return frozenset(str(one.get("name")) for one in fields)

    def count(self, feed: Feed, day: date) -> Ask | None:
        """The count of the same records that are exported."""
        return Ask(f"{_path(feed)}/records", {"limit": "0", **_which(feed, day)})

    def count_in(self, answer: Any) -> int:
        """`total_count`."""
        total = answer.get("total_count") if isinstance(answer, dict) else None
        if type(total) is not int or total < 0:
            raise Fault("broken answer", "no total_count in the answer")
        return total

    def expected(self, feed: Feed, day: date) -> int | None:
        """Known only by asking."""
        return None

    def content(self, feed: Feed, day: date, published: frozenset[str]) -> Ask:
        """A gzip file of all records, in an order that does not change from one time to the next.

        A selected field that is published no more is left out, so that the rest still comes.
        """
        params = {**_which(feed, day), "limit": "-1", "compressed": "true"}
        if feed.form == "csv":
            params["use_labels"] = "false"
        if select := _select(feed, published):
            params["select"] = select
        if feed.order_by:
            params["order_by"] = feed.order_by
        return Ask(f"{_path(feed)}/exports/{feed.form}", params, packed=True)


def _path(feed: Feed) -> str:
    return f"{_BASE}/{quote(feed.published, safe='')}"


def _which(feed: Feed, day: date) -> Mapping[str, str]:
    """The clauses that say which records, for the count and the export alike."""
    clauses = [clause for clause in (feed.where, _of_day(feed.days, day)) if clause]
    where = {"where": " and ".join(clauses)} if clauses else {}
    return {**where, "timezone": PARIS.key}


def _of_day(days: Days | None, day: date) -> str:
    """The records of a Paris day: of hours named by their end, midnight belongs to the day that
    ends with it.
    """
    if days is None:
        return ""
    first, last = (f"date'{each}T00:00:00'" for each in (day, day + DAY))
    after, until = (">", "<=") if days.stamp == "end" else (">=", "<")
    return f"{days.time_field}{after}{first} and {days.time_field}{until}{last}"


def _select(feed: Feed, published: frozenset[str]) -> str:
    pairs = [(field, name) for name, field in feed.selected.items() if field in published]
    return ",".join(field if field == name else f"{field} as {name}" for field, name in pairs)
