"""The school holidays as the ministry publishes them: one row a period, place and population."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from cityflow.calendar import PARIS, days, is_school_holiday
from cityflow_simulator.published.catalogue import SCHOOL, SCHOOL_ID
from cityflow_simulator.published.dataset import About
from cityflow_simulator.published.fields import frame_of
from cityflow_simulator.published.fixed import Fixed

FIRST, LAST = date(2015, 9, 1), date(2035, 8, 31)
PLACES = ("Créteil", "Montpellier", "Paris", "Toulouse", "Versailles")
SINCE = datetime(2024, 12, 10, 9, tzinfo=UTC)
NAMES = {10: "Vacances de la Toussaint", 11: "Vacances de la Toussaint", 12: "Vacances de Noël",
         1: "Vacances de Noël", 2: "Vacances d'Hiver", 3: "Vacances d'Hiver",
         4: "Vacances de Printemps", 5: "Vacances de Printemps", 6: "Vacances d'Été",
         7: "Vacances d'Été", 8: "Vacances d'Été", 9: "Vacances d'Été"}  # fmt: skip


def school_holidays() -> Fixed:
    """The holidays of zone C; a period ends at the midnight that begins the first school day."""
    rows = [(first, last, place) for first, last in _periods() for place in PLACES]
    columns: dict[str, object] = {
        "description": [NAMES[first.month] for first, _, _ in rows],
        "population": ["-"] * len(rows),
        "start_date": [_midnight(first) for first, _, _ in rows],
        "end_date": [_midnight(last + timedelta(days=1)) for _, last, _ in rows],
        "location": [place for _, _, place in rows],
        "zones": ["Zone C"] * len(rows),
        "annee_scolaire": [_school_year(first) for first, _, _ in rows],
    }
    about = About(SCHOOL_ID, "Calendrier scolaire", SCHOOL)
    return Fixed(about, frame_of(SCHOOL, columns), SINCE)


def _periods() -> list[tuple[date, date]]:
    """First and last day of every period that the calendar knows."""
    every = ((day, is_school_holiday(day) is True) for day in days(FIRST, LAST))
    runs = (list(run) for free, run in groupby(every, key=lambda pair: pair[1]) if free)
    return [(run[0][0], run[-1][0]) for run in runs]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def _school_year(day: date) -> str:
    first = day.year if day.month >= 9 else day.year - 1
    return f"{first}-{first + 1}"
