"""Files of the other datasets of a synthetic city, as their publishers give them.

Counts cover the days asked for; lists and states are those of noon on the last day.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from cityflow.calendar import PARIS, days
from cityflow_simulator.answers.disruptions import document
from cityflow_simulator.answers.weather import HOURLY, answer, understand
from cityflow_simulator.bikeshare import build_fleet
from cityflow_simulator.city import City
from cityflow_simulator.cycling import build_riders
from cityflow_simulator.explore.answer import Answer
from cityflow_simulator.explore.csv_rows import csv_export
from cityflow_simulator.explore.json_rows import dumped
from cityflow_simulator.explore.parameters import Style
from cityflow_simulator.feed import Feed
from cityflow_simulator.plane import CENTRE_LAT, CENTRE_LON
from cityflow_simulator.publication import BIKES_RHYTHM, Lateness, Schedule
from cityflow_simulator.published.bike_counts import BikeCounts, counter_list
from cityflow_simulator.published.dataset import Dataset
from cityflow_simulator.published.station_list import StationList
from cityflow_simulator.published.stop_list import stop_list
from cityflow_simulator.published.work_list import WorkList
from cityflow_simulator.transit import Transit

DOWNLOAD = Style(use_labels=True)
PUNCTUAL = Lateness(late_days=0.0, revised_days=0.0)
LONG_AFTER = timedelta(days=30)


class Others:
    """What is published of a city beside its roads, from a first to a last day."""

    def __init__(self, feed: Feed, first: date, last: date) -> None:
        self._feed = feed
        self._first = first
        self._last = last
        self._noon = datetime.combine(last, time(12), PARIS)
        self._bikes = _bikes(feed.city)

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Name and content of each file."""
        city = self._feed.city
        yield "bikes.csv", self._counts()
        yield "bike_counters.csv", self._listed(counter_list(self._bikes.riders))
        yield "velib.csv", self._listed(StationList(build_fleet(city)))
        yield "chantiers.csv", self._listed(WorkList(self._feed.sites))
        transit = Transit(city)
        yield "disruptions.json", iter([dumped(document(transit, self._noon)).encode()])
        yield "stops.csv", self._listed(stop_list(transit))
        yield "weather.json", iter([dumped(self._weather()).encode()])

    def truth(self) -> dict[str, Any]:
        """What was injected into the bike counts of each day."""
        later = self._noon + LONG_AFTER
        return {str(day): self._bikes.truth(day, later) for day in days(self._first, self._last)}

    def _counts(self) -> Iterator[bytes]:
        frames = (self._bikes.frame(day, 0) for day in days(self._first, self._last))
        return csv_export(Answer(self._bikes.about.fields, frames), DOWNLOAD, PARIS)

    def _listed(self, dataset: Dataset) -> Iterator[bytes]:
        frames = (part.load() for part in dataset.slices(self._noon))
        return csv_export(Answer(dataset.about.fields, frames), DOWNLOAD, PARIS)

    def _weather(self) -> dict[str, Any]:
        asked = understand(
            "archive",
            {
                "latitude": str(CENTRE_LAT),
                "longitude": str(CENTRE_LON),
                "hourly": ",".join(HOURLY),
                "timezone": "GMT",
                "start_date": str(self._first),
                "end_date": str(self._last),
            },
            self._noon,
        )
        return answer(asked, self._feed.city.seed, self._noon + LONG_AFTER)


def _bikes(city: City) -> BikeCounts:
    return BikeCounts(build_riders(city), Schedule(city.seed, BIKES_RHYTHM, PUNCTUAL))
