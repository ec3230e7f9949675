"""Kinds of day of the real weather at other bounds, and what they do to the real loops."""

from collections.abc import Callable
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.calibration_report import Floats, heading, share, sweep, table
from benchmarks.science_store import Tables
from cityflow_processor.records.likeness import kind_of
from cityflow_processor.weather.thresholds import limits

Bools = npt.NDArray[np.bool_]
FOG: Final = (45, 48)


def print_weather(tables: Tables) -> None:
    """Days of Open-Meteo and of the stations that meet each rule, and volumes by kind of day."""
    places = pl.concat(
        frame.with_columns(pl.lit(day).alias("day"))
        for day, frame in tables.of("weather", "places").items()
    )
    hours = pl.concat(
        frame.with_columns(pl.lit(day).alias("day"))
        for day, frame in tables.of("weather", "hours").items()
    )
    model = places.filter(pl.col("provider") == "open-meteo").sort("day")
    heading(
        f"Weather: {model.height:,} days of Open-Meteo, "
        f"{places.height - model.height:,} station-days"
    )
    hourly = hours.group_by("day").agg(
        pl.col("precipitation_mm").max().alias("wettest"),
        pl.col("weather_code").is_in(FOG).sum().alias("fog"),
        pl.col("weather_code").max().alias("code"),
    )
    days = model.join(hourly, on="day", how="left")
    of = {
        name: days[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("precipitation_mm", "wettest", "fog", "code", "temperature_max_c")
    }
    gusts = days.select(pl.coalesce("gust_kmh", "wind_kmh"))["gust_kmh"].cast(pl.Float64).to_numpy()
    _rule("rain_day_mm", (0.2, 1, 2, 5), of["precipitation_mm"], np.greater_equal)
    _rule("heavy_rain_day_mm", (5, 10, 15, 20), of["precipitation_mm"], np.greater_equal)
    _rule("heavy_rain_hour_mm", (2, 3, 4, 6, 8), of["wettest"], np.greater_equal)
    both = of["precipitation_mm"] < limits()["heavy_rain_day_mm"]
    _rule(
        "heavy_rain_hour_mm",
        (2, 3, 4, 6, 8),
        np.where(both, of["wettest"], 0),
        np.greater_equal,
        "days of less than 10 mm",
    )
    _rule("fog_hours", (1, 2, 3, 4, 6), of["fog"], np.greater_equal)
    _rule("storm_code", (80, 95, 96), of["code"], np.greater_equal)
    _rule("hot_c", (28, 30, 33), of["temperature_max_c"], np.greater_equal)
    _rule("cold_c", (-2, 0, 2), of["temperature_max_c"], np.less_equal)
    _rule("windy_kmh", (30, 40, 50, 60), gusts, np.greater_equal, "days, hourly wind")
    stations = places.filter(pl.col("provider") != "open-meteo", pl.col("gust_kmh").is_not_null())
    for place, own in sorted(stations.group_by("place")):
        gust = own["gust_kmh"].to_numpy()
        _rule(
            "windy_gust_kmh", (50, 60, 70, 80), gust, np.greater_equal, f"days, gusts at {place[0]}"
        )
        _rule("storm_gust_kmh", (80, 90, 100), gust, np.greater_equal, f"days, gusts at {place[0]}")
    _print_effect(model, tables)


def _rule(
    name: str,
    bounds: tuple[float, ...],
    values: Floats,
    meets: Callable[[Floats, float], Bools],
    title: str = "days",
) -> None:
    known = values[~np.isnan(values)]
    sweep(
        name,
        limits()[name],
        (title, f"of {known.size:,}"),
        {bound: (int(meets(known, bound).sum()), share(meets(known, bound))) for bound in bounds},
    )


def _print_effect(model: pl.DataFrame, tables: Tables) -> None:
    """Volumes of the loops over the median of their days of one type, by kind of day."""
    kinds = dict(model.select("day", "category").iter_rows())
    impact = dict(model.select("category", "mobility_impact").unique().iter_rows())
    volumes: dict[tuple[str, str], list[tuple[date, float]]] = {}
    for day, arcs in tables.of("roads_analysis", "arc_days").items():
        for arc, volume in arcs.select("arc_id", "adt_veh").drop_nulls().iter_rows():
            if day in kinds:
                volumes.setdefault((arc, str(kind_of(day))), []).append((day, float(volume)))
    logs: dict[str, list[float]] = {}
    for held in volumes.values():
        usual = np.median([volume for _, volume in held])
        for day, volume in held:
            logs.setdefault(kinds[day], []).append(float(np.log(volume / usual)))
    table(
        (
            "kind of day",
            "impact",
            "days of weather",
            "volumes of loops",
            "median log",
            "median size",
        ),
        [
            (
                kind,
                impact[kind],
                sum(one == kind for one in kinds.values()),
                len(logs.get(kind, [])),
                *(
                    (float(np.median(logs[kind])), float(np.median(np.abs(logs[kind]))))
                    if kind in logs
                    else (None, None)
                ),
            )
            for kind in sorted(impact)
        ],
    )
