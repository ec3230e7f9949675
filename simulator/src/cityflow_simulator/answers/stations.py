"""Bike-share stations in GBFS, with the fields in both spellings as the operator has them."""

from datetime import datetime
from typing import Any

from cityflow_simulator.bikeshare import Fleet, stock_at


def station_information(fleet: Fleet) -> list[dict[str, Any]]:
    """What does not change of every station."""
    return [
        {
            "station_id": station.station_id,
            "name": station.name,
            "lat": station.place[1],
            "lon": station.place[0],
            "capacity": station.capacity,
            "stationCode": station.code,
            **({"rental_methods": ["CREDITCARD"]} if station.takes_cards else {}),
        }
        for station in fleet.stations
    ]


def station_status(fleet: Fleet, now: datetime) -> list[dict[str, Any]]:
    """What stands in every station at an instant."""
    stock = stock_at(fleet, now)
    rows = zip(
        fleet.stations, stock.mechanical.tolist(), stock.electric.tolist(), stock.docks.tolist(),
        stock.installed.tolist(), stock.renting.tolist(), stock.reported.tolist(), strict=True,
    )  # fmt: skip
    return [
        {
            "stationCode": station.code,
            "station_id": station.station_id,
            "num_bikes_available": mechanical + electric,
            "numBikesAvailable": mechanical + electric,
            "num_bikes_available_types": [{"mechanical": mechanical}, {"ebike": electric}],
            "num_docks_available": docks,
            "numDocksAvailable": docks,
            "is_installed": int(installed),
            "is_returning": int(renting),
            "is_renting": int(renting),
            "last_reported": reported,
        }
        for station, mechanical, electric, docks, installed, renting, reported in rows
    ]
