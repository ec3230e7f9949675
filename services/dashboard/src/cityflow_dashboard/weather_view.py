"""The weather of the day at the place of reference."""

import pandas as pd
import streamlit as st

from cityflow.contracts.weather import WeatherDay, WeatherSummary
from cityflow_dashboard import markup
from cityflow_dashboard.format import DASH, number
from cityflow_dashboard.headline import cover
from cityflow_dashboard.markup import Card, Cell, listed
from cityflow_dashboard.stage import Stage, chart, hour_labels, hour_spans

Weather = Stage[WeatherSummary]


def draw(stage: Weather) -> None:
    """All sections."""
    stage.heading("weather.title")
    at = stage.summary.reference
    if at is None:
        stage.html(markup.note(stage.text("weather.none")))
        return
    where = at.place_name or at.place
    stage.html(
        markup.note(stage.text("weather.place", place=where, provider=at.provider)),
        markup.cards(_cards(stage, at)),
    )
    if stage.summary.hourly:
        _hours(stage)


def _cards(stage: Weather, at: WeatherDay) -> list[Card]:
    text, lang = stage.text, stage.lang
    seen = cover(stage.summary.coverage, text("weather.cover"), lang)
    extremes = {"low": number(at.temperature_min_c, lang, 1),
                "high": number(at.temperature_max_c, lang, 1)}  # fmt: skip
    return [
        Card(text("weather.kind"), text(f"sky.{at.category}"), text("weather.kind.unit"),
             text(f"weather.impact.{at.mobility_impact}"), seen),
        Card(text("weather.mean"), number(at.temperature_c, lang, 1), "°C",
             text("weather.mean.note", **extremes), seen),
        Card(text("weather.water"), number(at.precipitation_mm, lang, 1), "mm",
             text("weather.water.note", hours=number(at.rain_hours, lang)), seen),
        Card(text("weather.wind"), number(at.wind_kmh, lang, 1), "km/h",
             text("weather.wind.note", gust=number(at.gust_kmh, lang, 1)), seen),
    ]  # fmt: skip


def _hours(stage: Weather) -> None:
    hours, text, lang = stage.summary.hourly, stage.text, stage.lang
    stage.heading("weather_hours.title")
    starts = [one.hour_of_day for one in hours]
    series = (
        ("weather.temperature", [one.temperature_c for one in hours]),
        ("weather.rain", [one.precipitation_mm for one in hours]),
    )
    for (title, values), column in zip(series, st.columns(2, gap="large"), strict=True):
        with column:
            known = [0.0 if value is None else 100.0 for value in values]
            table = {"label": hour_labels(starts, lang), "value": values, "coverage_pct": known}
            chart(stage, title, pd.DataFrame(table), title)
    rows = [
        (
            Cell(label),
            Cell(number(one.temperature_c, lang, 1)),
            Cell(number(one.precipitation_mm, lang, 1)),
            Cell(number(one.wind_kmh, lang, 1)),
            Cell(DASH if one.weather_code is None else str(one.weather_code)),
        )
        for label, one in zip(hour_spans(starts, lang), hours, strict=True)
    ]
    titles = ("weather.temperature", "weather.rain", "column.wind", "column.code")
    with st.expander(text("hours.table")):
        stage.html(listed(text, "weather_hours.title", ("hours.hour",), titles, rows))
