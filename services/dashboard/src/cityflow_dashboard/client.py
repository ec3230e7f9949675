"""The API as typed calls: every answer is checked against its contract before the page sees it.

The only network this service uses is API_URL: no proxy, no credentials from the environment.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from pydantic import BaseModel, ValidationError

from cityflow.contracts import PublishedDocument
from cityflow.contracts.api import (
    ArcDays,
    ArcHourPage,
    ArcHourRow,
    ArcPage,
    ArcRow,
    DayEntry,
    DayList,
    Problem,
)
from cityflow.contracts.published import SUMMARIES
from cityflow.errors import CityFlowError

ROWS_A_PAGE: Final = 5000
DAYS_A_PAGE: Final = 400
CONNECT_SECONDS: Final = 3.05
READ_SECONDS: Final = 30.0

Answer = TypeVar("Answer", bound=BaseModel)


class ApiError(CityFlowError):
    """The API could not give what was asked."""


class ApiUnreachable(ApiError):
    """Nothing answers at API_URL, or not in time."""


class ApiRefused(ApiError):
    """The API answered with a problem (RFC 9457), or with something that is none of its own."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Api:
    """Read-only client of one API. Every call raises ApiUnreachable or ApiRefused on failure."""

    def __init__(self, base_url: str, read_seconds: float = READ_SECONDS) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = (CONNECT_SECONDS, read_seconds)

    @property
    def place(self) -> str:
        """Where the API is, without credentials: fit to be shown."""
        parts = urlsplit(self.base_url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def days(self) -> tuple[DayEntry, ...]:
        """All published days, newest first."""
        pages = self._pages(DayList, "/v1/days", {"limit": DAYS_A_PAGE}, lambda p: p.next_cursor)
        return tuple(entry for page in pages for entry in page.days)

    def document(self, dataset: str, day: date, edition: str) -> PublishedDocument:
        """The summary of any dataset on one day, in one edition."""
        path = f"/v1/days/{day}/metrics/{dataset}"
        return self._get(SUMMARIES[dataset], path, {"edition": edition})

    def arcs(self, day: date, edition: str) -> tuple[ArcRow, ...]:
        """Every arc of the day with its geometry, by arc_id."""
        query: dict[str, str | int] = {"edition": edition, "limit": ROWS_A_PAGE}
        pages = self._pages(ArcPage, f"/v1/days/{day}/arcs", query, lambda p: p.next_cursor)
        return tuple(arc for page in pages for arc in page.arcs)

    def arc_hours(self, day: date, edition: str, hour_of_day: int) -> tuple[ArcHourRow, ...]:
        """Every arc in the hours that start at this local hour: two in autumn's long night."""
        query: dict[str, str | int] = {
            "edition": edition,
            "limit": ROWS_A_PAGE,
            "hour_of_day": hour_of_day,
        }
        path = f"/v1/days/{day}/arc-hours"
        pages = self._pages(ArcHourPage, path, query, lambda p: p.next_cursor)
        return tuple(row for page in pages for row in page.hours)

    def hours_of_arc(self, day: date, edition: str, arc_id: str) -> tuple[ArcHourRow, ...]:
        """The hours of one arc on one day, in time order."""
        path = f"/v1/days/{day}/arcs/{quote(arc_id, safe='')}/hours"
        return self._get(ArcHourPage, path, {"edition": edition}).hours

    def arc_days(self, arc_id: str, first: date, last: date) -> ArcDays:
        """One arc over the published days of a range, oldest first."""
        path = f"/v1/arcs/{quote(arc_id, safe='')}/days"
        return self._get(ArcDays, path, {"from": str(first), "to": str(last)})

    def _pages(
        self,
        model: type[Answer],
        path: str,
        query: dict[str, str | int],
        cursor_of: Callable[[Answer], str | None],
    ) -> Iterator[Answer]:
        cursor: str | None = None
        while True:
            page = self._get(model, path, query | ({"cursor": cursor} if cursor else {}))
            yield page
            cursor = cursor_of(page)
            if cursor is None:
                return

    def _get(self, model: type[Answer], path: str, query: dict[str, str | int]) -> Answer:
        response = self._ask(path, query)
        if response.status_code != 200:
            raise ApiRefused(response.status_code, _detail(response))
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ApiRefused(
                200,
                f"{self.place}{path}: the answer is not a {model.__name__} at {place!r}: "
                f"{first['msg']}; run the API and the dashboard of the same version",
            ) from error

    def _ask(self, path: str, query: dict[str, str | int]) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(
                    f"{self.base_url}{path}",
                    params=query,
                    headers={"Accept": "application/json"},
                    timeout=self._timeout,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise ApiUnreachable(f"{self.place}: {type(error).__name__}") from error


def _detail(response: requests.Response) -> str:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return f"HTTP {response.status_code}: not an answer of the CityFlow API; check API_URL"
    return f"{problem.title}: {problem.detail} (request {problem.request_id})"
