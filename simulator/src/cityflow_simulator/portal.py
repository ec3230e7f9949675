"""The portal of a synthetic city: its datasets, published on their schedules."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cityflow_simulator.city import build_city
from cityflow_simulator.districts import build_districts, districts_geojson
from cityflow_simulator.feed import Feed, Rates
from cityflow_simulator.publication import ROADS_RHYTHM, Lateness, Schedule
from cityflow_simulator.published.catalogue import DISTRICTS, DISTRICTS_ID, LOOPS, LOOPS_ID
from cityflow_simulator.published.dataset import About, Dataset
from cityflow_simulator.published.fixed import Fixed
from cityflow_simulator.published.reading import csv_frame, features_frame
from cityflow_simulator.published.roads import RoadCounts
from cityflow_simulator.referentiel import referentiel_csv

SINCE = datetime(2022, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Offer:
    """Which city, and how well its portal works."""

    seed: int = 1
    arcs: int = 3_000
    rates: Rates = field(default_factory=Rates)
    lateness: Lateness = field(default_factory=Lateness)


def synthetic_portal(offer: Offer) -> dict[str, Dataset]:
    """The datasets by identifier. Raises BadArguments if there can be no such city."""
    city = build_city(offer.seed, offer.arcs)
    feed = Feed.of(city, offer.rates)
    schedule = Schedule(offer.seed, ROADS_RHYTHM, offer.lateness)
    districts = json.loads(districts_geojson(build_districts(offer.seed)))
    datasets: list[Dataset] = [
        RoadCounts(feed, schedule),
        Fixed(
            About(LOOPS_ID, "Référentiel géographique des comptages routiers", LOOPS),
            csv_frame(LOOPS, referentiel_csv(city)),
            SINCE,
        ),
        Fixed(
            About(DISTRICTS_ID, "Arrondissements", DISTRICTS),
            features_frame(DISTRICTS, districts),
            SINCE,
        ),
    ]
    return {dataset.about.dataset_id: dataset for dataset in datasets}
