"""Bike-share stations as the portal holds them: the last minute's state, nothing earlier."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import polars as pl

from cityflow_simulator.bikeshare import Fleet, stock_at
from cityflow_simulator.published.catalogue import VELIB, VELIB_ID
from cityflow_simulator.published.dataset import About, Slice
from cityflow_simulator.published.fields import frame_of

YES_NO = ("NON", "OUI")


class StationList:
    """The stations and what stands in them now."""

    def __init__(self, fleet: Fleet) -> None:
        self.about = About(VELIB_ID, "Vélib - Vélos et bornes - Disponibilité temps réel", VELIB)
        self.fleet = fleet

    def slices(self, now: datetime) -> Iterator[Slice]:
        """All stations in one slice."""
        yield Slice(len(self.fleet.stations), lambda: _frame(self.fleet, now))

    def processed(self, now: datetime) -> datetime:
        """The last minute."""
        return now.replace(second=0)


def _frame(fleet: Fleet, now: datetime) -> pl.DataFrame:
    stock, stations = stock_at(fleet, now), fleet.stations

    def said(flags: object) -> list[str]:
        return [YES_NO[flag] for flag in np.asarray(flags, dtype=np.int64).tolist()]

    return frame_of(
        VELIB,
        {
            "stationcode": [station.code for station in stations],
            "name": [station.name for station in stations],
            "is_installed": said(stock.installed),
            "capacity": [station.capacity for station in stations],
            "numdocksavailable": stock.docks.tolist(),
            "numbikesavailable": (stock.mechanical + stock.electric).tolist(),
            "mechanical": stock.mechanical.tolist(),
            "ebike": stock.electric.tolist(),
            "is_renting": said(stock.renting),
            "is_returning": said(stock.renting),
            "duedate": [datetime.fromtimestamp(at, UTC) for at in stock.reported.tolist()],
            "coordonnees_geo": [{"lon": one.place[0], "lat": one.place[1]} for one in stations],
            "nom_arrondissement_communes": [station.town for station in stations],
        },
    )
