"""The portal of a synthetic city: its datasets, published on their schedules."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cityflow_simulator.bikeshare import build_fleet
from cityflow_simulator.city import City, build_city
from cityflow_simulator.cycling import build_riders
from cityflow_simulator.districts import build_districts, districts_geojson
from cityflow_simulator.feed import Feed, Rates
from cityflow_simulator.publication import BIKES_RHYTHM, ROADS_RHYTHM, Lateness, Schedule
from cityflow_simulator.published.bike_counts import BikeCounts, counter_list
from cityflow_simulator.published.catalogue import DISTRICTS, DISTRICTS_ID, LOOPS, LOOPS_ID
from cityflow_simulator.published.dataset import About, Dataset
from cityflow_simulator.published.fixed import Fixed
from cityflow_simulator.published.reading import csv_frame, features_frame
from cityflow_simulator.published.roads import RoadCounts
from cityflow_simulator.published.school import school_holidays
from cityflow_simulator.published.station_list import StationList
from cityflow_simulator.published.stop_list import stop_list
from cityflow_simulator.published.work_list import WorkList
from cityflow_simulator.referentiel import referentiel_csv
from cityflow_simulator.transit import Transit

SINCE = datetime(2022, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Offer:
    """Which city, and how well its portal works."""

    seed: int = 1
    arcs: int = 3_000
    rates: Rates = field(default_factory=Rates)
    lateness: Lateness = field(default_factory=Lateness)


class Portal:
    """A synthetic city with all that is published of it. Raises BadArguments if none can be."""

    def __init__(self, offer: Offer) -> None:
        self.city = build_city(offer.seed, offer.arcs)
        self.feed = Feed.of(self.city, offer.rates)
        self.transit = Transit(self.city)
        self.fleet = build_fleet(self.city)
        riders = build_riders(self.city)
        late = offer.lateness
        datasets: list[Dataset] = [
            RoadCounts(self.feed, Schedule(offer.seed, ROADS_RHYTHM, late)),
            BikeCounts(riders, Schedule(offer.seed, BIKES_RHYTHM, late)),
            counter_list(riders),
            StationList(self.fleet),
            WorkList(self.feed.sites),
            school_holidays(),
            stop_list(self.transit),
            _loops(self.city),
            _districts(offer.seed),
        ]
        self.datasets = {dataset.about.dataset_id: dataset for dataset in datasets}


def _loops(city: City) -> Fixed:
    about = About(LOOPS_ID, "Référentiel géographique des comptages routiers", LOOPS)
    return Fixed(about, csv_frame(LOOPS, referentiel_csv(city)), SINCE)


def _districts(seed: int) -> Fixed:
    features = json.loads(districts_geojson(build_districts(seed)))
    return Fixed(
        About(DISTRICTS_ID, "Arrondissements", DISTRICTS),
        features_frame(DISTRICTS, features),
        SINCE,
    )
