"""`backfill --watch` as it stays: nothing derived is stale, and what nothing bears on is left."""

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from processor_house import House, a_house, row, text_of
from test_processor_across import POLYGONS, REFERENTIEL, place, shape, square
from test_processor_chantiers import list_of, work
from test_processor_transit import local, prim, told
from test_processor_weather import answer

from cityflow.calendar import PARIS, day_bounds, hour_ends
from cityflow.calendar import days as day_range
from cityflow.contracts.register import AnomalousRange
from cityflow.errors import StoreUnavailable
from cityflow.settings import Settings
from cityflow_processor import datasets, published
from cityflow_processor.asked import Asked
from cityflow_processor.register.book import Book
from cityflow_processor.watched import Watched

FIRST, LAST = date(2025, 5, 24), date(2025, 6, 6)
LATE, RAINY, STARTED = date(2025, 5, 27), date(2025, 5, 29), date(2025, 6, 3)
ARCS = ("00", "03", "07", "13")
DERIVED = ("roads_analysis", "roads_calibration", "roads_year", "across")
EARLY = datetime(2025, 5, 1, tzinfo=UTC)
JSON = {"extension": "json", "media": "json"}


def counts(*days: date, busy: float = 1) -> str:
    return text_of([one for day in days for one in _rows(day, busy)])


def _rows(day: date, busy: float) -> Iterator[dict[str, str | None]]:
    chance = random.Random(day.toordinal())
    for arc in ARCS:
        lon, lat = place(arc)
        for end in hour_ends(day):
            flow = int(busy * (100 + 20 * int(arc)) * chance.uniform(0.7, 1.3))
            yield row(
                iu_ac=arc, libelle=f"Rue_{arc}", t_1h=end.astimezone(PARIS).isoformat(),
                q=f"{flow}.0", k=f"{chance.uniform(2, 12):.5f}", geo_shape=shape(arc),
                geo_point_2d=f"{lat}, {lon}",
            )  # fmt: skip


def weather(*days: date, rain: float = 0) -> str:
    ends = [end for day in days for end in hour_ends(day)]
    times = [(end - timedelta(hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M") for end in ends]
    return answer("UTC", times, temperature_2m=[15.0] * len(ends), precipitation=[rain] * len(ends))


def works(day: date) -> str:
    lon, lat = place("03")
    near = json.dumps(square(lon, lat, lon + 0.0002, lat + 0.0002))
    return list_of(work("W1", STARTED, "2025-12-31", shape=near, point=f"{lat},{lon}", detail=day))


@dataclass
class City:
    """A house that is watched, and all that arrived there."""

    house: House
    watched: Watched = field(init=False)
    arrived: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Watch, as if for the first time."""
        self.watched = Watched(Settings(output_dir=self.house.folder))

    def receive(self, dataset: str, content: str, **known: Any) -> None:
        self.arrived.append((dataset, content, known))
        self.house.receive(content, dataset, **known)

    def turn(self) -> dict[str, list[date]]:
        """A turn of the command; the days that came out as another edition, by dataset."""
        renewed: dict[str, list[date]] = {}
        for result in self.watched.take(self.house.store):
            if found := [done.day for done in result.days if done.ending == "new"]:
                renewed[result.dataset] = [*renewed.get(result.dataset, ()), *found]
        return renewed

    def stands(self) -> dict[str, bytes]:
        """All that is current, by its bytes."""
        return {
            f"{name} {key}": content
            for name in ("comptages", "weather", "chantiers", *DERIVED)
            for key, content in current(replace(self.house, dataset=name)).items()
        }


def current(house: House) -> Mapping[str, bytes]:
    """Bytes of the current editions of a dataset."""
    editions = house.editions()
    every = house.published()
    return {
        key: content
        for key, content in every.items()
        if "_metrics_" in key or any(f"{day}" in key and of in key for day, of in editions.items())
    } | {f"pointer {day}": every[f"pointer {day}"] for day in editions}


def cold(city: City) -> dict[str, bytes]:
    """What stands once the same arrived in another house, and was processed there in one go."""
    with a_house() as house:
        other = City(house)
        for dataset, content, known in city.arrived:
            other.receive(dataset, content, **known)
        settings = Settings(output_dir=house.folder)
        for name in datasets.chosen(house.store, None):
            datasets.process(house.store, settings, name, Asked())
        return other.stands()


@pytest.fixture
def city() -> Iterator[City]:
    with a_house() as house:
        city = City(house)
        polygons = {"extension": "geojson", "media": "geojson", "received_at": EARLY}
        city.receive("arrondissements", POLYGONS, **polygons)
        city.receive("referentiel", REFERENTIEL, received_at=EARLY)
        for day in (FIRST, LAST):
            at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
            city.receive("chantiers", works(day), received_at=at)
        city.receive("weather", weather(*day_range(FIRST, LAST)), **JSON)
        city.receive("comptages", counts(*(d for d in day_range(FIRST, LAST) if d != LATE)))
        yield city


def summary(city: City, dataset: str, day: date) -> dict[str, Any]:
    return replace(city.house, dataset=dataset).summary(day)


@contextmanager
def failing(name: str, error: BaseException) -> Iterator[None]:
    """What is patched fails, and with it whoever calls it."""
    with patch(name, side_effect=error), pytest.raises(type(error)):
        yield


def test_whatever_arrives_leaves_the_bytes_of_a_cold_backfill(city: City) -> None:
    everything = [*day_range(FIRST, LAST)]
    assert city.turn()["across"] == everything
    later = everything[everything.index(LATE) :]

    city.receive("comptages", counts(LATE))
    with failing("cityflow_processor.across.days.process", StoreUnavailable("gone")):
        city.turn()
    assert city.turn() == {"across": later}

    said: dict[str, Any] = {"problem": "works", "who": "K. Bauer", "noted_at": EARLY}
    start, end = day_bounds(RAINY)
    Book(city.house.store).add(
        AnomalousRange(dataset="comptages", sensor="03", measure=None, start=start, end=end, **said)
    )
    city.receive("comptages", counts(RAINY, busy=1.2))
    with failing("cityflow_processor.analysis.backfill.process_day", KeyboardInterrupt()):
        city.turn()
    city.start()
    after = everything[everything.index(RAINY) :]
    assert city.turn() == {"roads_analysis": after, "register": [RAINY], "across": after}

    city.receive("weather", weather(RAINY, rain=0.5), **JSON)
    similar = [day for day in after[1:] if str(RAINY) in summary(city, "across", day)["similar"]]
    renewed = city.turn()
    assert 0 < len(similar) < len(after[1:])
    assert renewed == {"weather": [RAINY], "across": [RAINY, *similar]}

    at = local(3, day=LATE).replace(tzinfo=PARIS)
    notice = {"d": told((local(0, day=LATE), local(6, day=LATE)))}
    city.receive("traffic", prim(notice, at), **JSON)
    assert city.turn() == {"traffic": [LATE], "across": [LATE]}
    assert city.stands() == cold(city)

    with patch.object(published, "table", side_effect=AssertionError("a table was read")):
        assert city.turn() == {}
        city.start()
        assert city.turn() == {}
