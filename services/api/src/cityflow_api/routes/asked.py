"""What the routes share: the app's reading of the store, and walks over one edition's tables."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from flask import Response, current_app

from cityflow_api import http_cache, paging, rows
from cityflow_api.answering import csv_answer
from cityflow_api.failures import BadParameter, NotFound
from cityflow_api.params import HoursQuery, WalkQuery
from cityflow_api.reading import REGISTER, Facts, Found, Reading

EXTENSION = "cityflow"
ROADS = "comptages"
ROW_COUNTS = ("X-Row-Count", "X-Rows-Matched")
"""Rows of this CSV, and rows of all its pages, so that a cut download is noticed."""


def reading() -> Reading:
    """The reading of the app that answers this request."""
    found: Reading = current_app.extensions[EXTENSION]
    return found


@dataclass(frozen=True)
class Walk:
    """One page of a walk over a table of one edition of a day."""

    found: Found
    facts: Facts
    after: paging.Cursor | None
    limit: int

    @property
    def about(self) -> dict[str, Any]:
        """What every answer says of its edition: whom to credit, day, edition and status."""
        day, edition = self.found.day, self.found.edition
        return {
            **dict(self.facts.credit), "day": day, "edition": edition, "status": self.facts.status
        }  # fmt: skip

    def page(self, table: str, *filters: pl.Expr) -> paging.Rows:
        """The next rows that pass all filters."""
        frame = reading().table(self.found, table).filter(*filters)
        return paging.cut(frame, self.found.edition, self.limit, self.after)

    def csv(self, page: paging.Rows, name: str) -> Response:
        """A page as a CSV file of this name and the day."""
        credits = self.facts.credit.attributions
        answer = csv_answer(rows.csv(page.frame), f"{name}_{self.found.day}", credits)
        for header, count in zip(ROW_COUNTS, (page.frame.height, page.matched), strict=True):
            answer.headers[header] = str(count)
        return answer

    def answer(self, form: str, make: Callable[[], Response]) -> Response:
        """The answer in a form, or a 304 to a client that holds this edition in it."""
        etag = http_cache.tag(self.found.edition, form)
        return http_cache.revalidated(etag, make, forever=self.found.pinned)


def walk(day: date, query: WalkQuery, dataset: str = ROADS) -> Walk:
    """Begin or go on with a walk: a cursor stays with the edition of the first page.

    Raises NotFound for a day or edition that is not published, BadParameter for a cursor of
    another day or edition.
    """
    after = paging.decode(query.cursor)
    if after is not None and query.edition not in (None, after.edition):
        raise BadParameter("cursor", "this cursor belongs to another edition")
    edition = after.edition if after is not None else query.edition
    found = reading().find(dataset, day, edition)
    try:
        return Walk(found, reading().facts(found), after, query.limit)
    except NotFound as error:
        if after is None:
            raise
        raise BadParameter("cursor", f"this cursor is of another day than {day}") from error


def walk_hours(day: date, query: HoursQuery, dataset: str) -> tuple[Walk, list[pl.Expr]]:
    """A walk over the hours of a dataset, raw or as the register filters them, and which of them.

    Raises like `walk`.
    """
    filtered = query.view == "filtered" and reading().filters(dataset, day)
    step = walk(day, query, REGISTER if filtered else dataset)
    hour = query.hour_of_day
    return step, [] if hour is None else [pl.col("hour_of_day") == hour]
