"""Hourly bike counts and the list of counters as the portal holds them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from typing import Any

import numpy as np
import polars as pl

from cityflow.calendar import PARIS
from cityflow_simulator.cycling import BikeDay, Counter, Riders, ride
from cityflow_simulator.publication import Schedule
from cityflow_simulator.published.catalogue import BIKES, BIKES_ID, COUNTERS, COUNTERS_ID
from cityflow_simulator.published.dataset import About, Slice
from cityflow_simulator.published.fields import INSTANT, frame_of, schema_of
from cityflow_simulator.published.fixed import Fixed
from cityflow_simulator.randomness import Flags, between, stream

PHOTOS = "https://filer.eco-counter-tools.com/file"
SITES = "https://www.eco-visio.net/Photos"
SINCE = datetime(2022, 2, 1, tzinfo=UTC)


class BikeCounts:
    """The counts of all counters, one slice a day, rows in no order."""

    def __init__(self, riders: Riders, schedule: Schedule) -> None:
        self.about = About(BIKES_ID, "Comptage vélo - Données compteurs", BIKES, time_field="date")
        self.riders = riders
        self.schedule = schedule
        self._counters = _listed(riders.counters, BIKES)
        self.day = lru_cache(maxsize=512)(self._day)

    def slices(self, now: datetime) -> Iterator[Slice]:
        """The days that stand at `now`, in order, each in its version of that instant."""
        for day in self.schedule.days(now):
            version = self.schedule.version(day, now)
            if version is None:
                continue
            found = self.day(day, version)
            rows = int(np.count_nonzero(found.counts >= 0))
            load = partial(self.frame, day, version)
            yield Slice(rows, load, found.starts[0], found.starts[-1])

    def processed(self, now: datetime) -> datetime:
        """The last daily batch."""
        return self.schedule.processed(now)

    def truth(self, day: date, now: datetime) -> dict[str, Any]:
        """Versions and rows of one local day, and what was injected into it."""
        version = self.schedule.version(day, now)
        told: dict[str, Any] = {
            "versions": [at.isoformat() for at in self.schedule.versions(day)],
            "version": version,
            "rows": 0,
        }
        if version is not None:
            found = self.day(day, version)
            seen = found.counts >= 0
            told |= {
                "flaw": self.schedule.flaw(day, version),
                "rows": int(np.count_nonzero(seen)),
                "bikes": int(found.counts[seen].sum()),
                **injected(self.riders, found),
            }
        return told

    def distinct(self, day: date, now: datetime) -> Iterator[dict[str, Any]]:
        """One record a counter and hour."""
        version = self.schedule.version(day, now)
        if version is not None:
            some = self.frame(day, version).select("id_compteur", "date", "sum_counts")
            for row in some.sort("id_compteur", "date").iter_rows(named=True):
                yield {**row, "date": row["date"].isoformat()}

    def _day(self, day: date, version: int) -> BikeDay:
        found = ride(self.riders, day)
        flaw = self.schedule.flaw(day, version)
        if flaw is not None:
            gone = _gone(self.riders.seed, found, version)
            counts = found.counts
            if flaw == "low":
                less = (counts * 0.9).astype(np.int64)
                counts[gone] = np.where(counts < 0, -1, less)[gone]
            elif flaw == "holes":
                counts[gone] = -1
            else:
                counts[1 + int(len(found.starts) * gone.mean()) :] = -1
        return found

    def frame(self, day: date, version: int) -> pl.DataFrame:
        """The rows of one version of a day."""
        found = self.day(day, version)
        hour, counter = np.nonzero(found.counts >= 0)
        order = stream(self.riders.seed, "bike-order", day.toordinal()).permutation(len(hour))
        hour, counter = hour[order], counter[order]
        starts = pl.Series(list(found.starts), dtype=INSTANT)
        months = pl.Series([f"{start.astimezone(PARIS):%Y-%m}" for start in found.starts])
        rows = self._counters[counter]
        return rows.with_columns(
            sum_counts=pl.Series(found.counts[hour, counter]),
            date=starts.gather(hour),
            mois_annee_comptage=months.gather(hour),
        ).select(schema_of(BIKES).names())


def injected(riders: Riders, day: BikeDay) -> dict[str, Any]:
    """Rain and faults of a day, as plain values."""
    faults = [
        {
            "counter": riders.counters[fault.counter].counter_id,
            "kind": fault.kind,
            "first": day.starts[fault.first].isoformat(),
            "hours": fault.hours,
            "size": round(fault.size, 3),
        }
        for fault in day.faults
    ]
    return {"rain_mm": round(float(day.rain_mm.sum()), 1), "faults": faults}


def counter_list(riders: Riders) -> Fixed:
    """The dataset of the counters themselves."""
    about = About(COUNTERS_ID, "Comptage vélo - Compteurs", COUNTERS)
    return Fixed(about, _listed(riders.counters, COUNTERS), SINCE)


def _gone(seed: int, day: BikeDay, version: int) -> Flags:
    """What an earlier version does not have, or has wrong: a share of the hours of a share of
    the counters."""
    rng = stream(seed, "bikes-version", day.day.toordinal(), version)
    share = float(between(rng, 0.02, 0.6))
    hit = rng.random(day.counts.shape[1]) < share
    hours: Flags = rng.random(day.counts.shape) < 0.7
    return hit & hours


def _listed(counters: tuple[Counter, ...], fields: Any) -> pl.DataFrame:
    """What does not change from hour to hour, one row a counter."""
    photo = [f"{PHOTOS}/{counter.site_id}/{counter.technical}.jpg" for counter in counters]
    known = {
        "id_compteur": [counter.counter_id for counter in counters],
        "nom_compteur": [counter.name for counter in counters],
        "id": [counter.site_id for counter in counters],
        "name": [counter.site for counter in counters],
        "channel_id": [counter.counter_id.partition("-")[2] for counter in counters],
        "channel_name": [counter.direction for counter in counters],
        "installation_date": [counter.installed.isoformat() for counter in counters],
        "url_photos_n1": photo,
        "coordinates": [dict(zip(("lon", "lat"), one.place, strict=True)) for one in counters],
        "counter": [counter.technical for counter in counters],
        "photos": photo,
        "test_lien_vers_photos_du_site_de_comptage_": photo,
        "id_photo_1": ["https:"] * len(counters),
        "url_sites": [f"{SITES}/{counter.site_id}" for counter in counters],
        "type_dimage": ["jpg"] * len(counters),
    }
    names = {field.name for field in fields}
    return frame_of(fields, {name: values for name, values in known.items() if name in names})
