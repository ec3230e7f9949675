"""The hourly counts of the road loops as the portal holds them: one slice a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from typing import Any

import numpy as np
import polars as pl

from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.city import PHANTOM, Arc
from cityflow_simulator.feed import Day, Feed, Rows
from cityflow_simulator.formats import STATES, STATUSES, UNKNOWN, shape_text
from cityflow_simulator.plane import halfway, to_degrees
from cityflow_simulator.publication import Schedule
from cityflow_simulator.published.catalogue import ROADS, ROADS_ID
from cityflow_simulator.published.dataset import About, Slice
from cityflow_simulator.published.fields import INSTANT, schema_of
from cityflow_simulator.revisions import flawed
from cityflow_simulator.traffic import GRID

DECIMALS = 100_000


class RoadCounts:
    """A feed published on a schedule; the record of the arc `*` without any value comes last."""

    def __init__(self, feed: Feed, schedule: Schedule) -> None:
        self.about = About(ROADS_ID, "Comptage routier - Données trafic issues des capteurs"
                           " permanents", ROADS, time_field="t_1h")  # fmt: skip
        self.feed = feed
        self.schedule = schedule
        self._arcs = _arcs_frame(feed.city.arcs)
        self.day = lru_cache(maxsize=4)(self._day)
        self._frame = lru_cache(maxsize=2)(self._render)
        self._rows = lru_cache(maxsize=2048)(self._count)

    def slices(self, now: datetime) -> Iterator[Slice]:
        """The days that stand at `now`, in order, each in its version of that instant."""
        for day in self.schedule.days(now):
            version = self.schedule.version(day, now)
            if version is None or self.feed.misses(day):
                continue
            rows, first, last = self._rows(day, version)
            yield Slice(rows, partial(self._frame, day, version), first, last)
        yield Slice(1, self._ghost)

    def processed(self, now: datetime) -> datetime:
        """The last nightly batch."""
        return self.schedule.processed(now)

    def truth(self, day: date, now: datetime) -> dict[str, Any]:
        """Versions and rows of one day; `rows` is what an export of the day holds."""
        lost = self.feed.misses(day)
        version = None if lost else self.schedule.version(day, now)
        told: dict[str, Any] = {
            "lost": lost,
            "versions": [] if lost else [at.isoformat() for at in self.schedule.versions(day)],
            "version": version,
            "rows": 0,
            "records": 0,
        }
        if version is not None:
            found = self.day(day, version)
            told |= {
                "flaw": self.schedule.flaw(day, version),
                "rows": len(found.rows),
                "records": len(found.records),
                "flow_veh": int(found.records.flow[found.records.flow >= 0].sum()),
            }
        return told

    def distinct(self, day: date, now: datetime) -> Iterator[dict[str, Any]]:
        """One record an arc and hour, with the values that win."""
        version = self.schedule.version(day, now)
        if version is None or self.feed.misses(day):
            return
        found = self.day(day, version)
        frame = self._rows_frame(found, found.records)
        for row in frame.select("iu_ac", "t_1h", "q", "k", "etat_barre").iter_rows(named=True):
            yield {**row, "t_1h": row["t_1h"].isoformat()}

    def _day(self, day: date, version: int) -> Day:
        flaw = self.schedule.flaw(day, version)
        return flawed(self.feed.publish(day), flaw, self.feed.city.seed, version)

    def _count(self, day: date, version: int) -> tuple[int, datetime, datetime]:
        """Rows of a day with its first and last stamp."""
        if self.schedule.flaw(day, version) == "short":
            found = self.day(day, version)
            return len(found.rows), _utc(found.stamps[0]), _utc(found.stamps[-1])
        rows, stamps = self.feed.size(day)
        return rows, _utc(stamps[0]), _utc(stamps[-1])

    def _render(self, day: date, version: int) -> pl.DataFrame:
        found = self.day(day, version)
        return self._rows_frame(found, found.rows)

    def _rows_frame(self, found: Day, rows: Rows) -> pl.DataFrame:
        stamps = pl.Series([_utc(stamp) for stamp in found.stamps], dtype=INSTANT)
        flow = pl.Series(np.where(rows.flow < 0, np.nan, rows.flow)).fill_nan(None)
        steps = rows.occupancy
        scaled = (np.maximum(steps, 0) * DECIMALS * 2 + GRID) // (2 * GRID)
        share = pl.Series(np.where(steps < 0, np.nan, scaled / DECIMALS)).fill_nan(None)
        limits = np.array([0, *(limit * GRID for limit, _ in STATES)])
        states = pl.Series([UNKNOWN, *(name for _, name in STATES)])
        values = {
            "t_1h": stamps.gather(rows.hour),
            "q": flow,
            "k": share,
            "etat_trafic": states.gather(np.searchsorted(limits, steps, side="right")),
            "etat_barre": pl.Series(STATUSES).gather(rows.status),
        }
        arcs = self._arcs[rows.arc]
        return arcs.with_columns(**values).select(schema_of(ROADS).names())

    def _ghost(self) -> pl.DataFrame:
        nothing = {field.name: [None] for field in ROADS}
        return pl.DataFrame({**nothing, "iu_ac": [PHANTOM]}, schema=schema_of(ROADS))


def _utc(stamp: datetime) -> datetime:
    return stamp.astimezone(UTC)


def _arcs_frame(arcs: tuple[Arc, ...]) -> pl.DataFrame:
    """What does not change from hour to hour, one row an arc, the phantom last."""
    rows = [_arc_row(arc) for arc in arcs]
    rows.append({"iu_ac": PHANTOM, "libelle": SYNTHETIC_PREFIX + PHANTOM})
    schema = {name: kind for name, kind in schema_of(ROADS).items()
              if name not in ("t_1h", "q", "k", "etat_trafic", "etat_barre")}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def _arc_row(arc: Arc) -> dict[str, object]:
    row: dict[str, object] = {
        "iu_ac": arc.arc_id,
        "libelle": arc.label,
        "iu_nd_amont": arc.from_id,
        "libelle_nd_amont": arc.from_label,
        "iu_nd_aval": arc.to_id,
        "libelle_nd_aval": arc.to_label,
    }
    if arc.line is not None:
        lon, lat = to_degrees(halfway(arc.line))
        row |= {
            "date_debut": arc.available_from,
            "date_fin": arc.available_to,
            "geo_point_2d": {"lon": lon, "lat": lat},
            "geo_shape": shape_text(arc),
        }
    return row
