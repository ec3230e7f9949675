"""Open-Meteo, forecast and archive: documents whose number of hours follows from the request."""

from datetime import date
from typing import Final

from cityflow_ingest.sources.document import Document
from cityflow_ingest.tenant import Feed

_HOURS: Final = 24


class OpenMeteo(Document):
    """The hours are asked for in UTC, so every day has 24."""

    def expected(self, feed: Feed, day: date) -> int | None:
        """Hours of all the days asked for; None if the request leaves it to the source."""
        query = self.content(feed, day, frozenset()).params
        if "start_date" in query and "end_date" in query:
            first, last = (date.fromisoformat(query[n]) for n in ("start_date", "end_date"))
            return _HOURS * ((last - first).days + 1)
        if "forecast_days" in query:
            return _HOURS * (int(query["forecast_days"]) + int(query.get("past_days", "0")))
        return None
