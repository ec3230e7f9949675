"""Numbers, dates and hours as French and English readers write them; an unknown value is "—".

Nothing here rounds a null to zero: every function that takes None gives the dash.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from cityflow.calendar import PARIS

DASH: Final = "—"
_NARROW: Final = "\u202f"  # narrow no-break space

# fmt: off
_MONTHS_FR: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre",
)
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)
_DAYS_FR: Final = (
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
)
_DAYS_EN: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)
# fmt: on


class Lang(StrEnum):
    """The two languages of the page."""

    FR = "fr"
    EN = "en"


def number(value: float | None, lang: Lang, digits: int = 0) -> str:
    """`1 234,5` (narrow no-break space) in French, `1,234.5` in English."""
    if value is None:
        return DASH
    english = f"{value:,.{digits}f}"
    if lang is Lang.EN:
        return english
    return english.replace(",", _NARROW).replace(".", ",")


def percent(value: float | None, lang: Lang, digits: int = 1) -> str:
    """A figure already in percent: `43,2 %` in French, `43.2%` in English."""
    if value is None:
        return DASH
    sign = f"{_NARROW}%" if lang is Lang.FR else "%"
    return number(value, lang, digits) + sign


def share(value: float | None, lang: Lang, digits: int = 1) -> str:
    """A share between 0 and 1, as percent."""
    return percent(None if value is None else value * 100, lang, digits)


def change(ratio: float | None, lang: Lang) -> str:
    """A ratio as a change: `+12.3%`; a dash where there is none."""
    if ratio is None:
        return DASH
    sign = "+" if ratio >= 1 else "\u2212"
    return sign + share(abs(ratio - 1), lang)


def day_long(day: date, lang: Lang) -> str:
    """`dimanche 21 juin 2026`, `Sunday 21 June 2026`."""
    if lang is Lang.EN:
        return f"{_DAYS_EN[day.weekday()]} {day.day} {_MONTHS_EN[day.month - 1]} {day.year}"
    number_of_day = "1er" if day.day == 1 else str(day.day)
    return f"{_DAYS_FR[day.weekday()]} {number_of_day} {_MONTHS_FR[day.month - 1]} {day.year}"


def day_short(day: date, lang: Lang) -> str:
    """`21/06/2026` in French, `21 Jun 2026` in English."""
    if lang is Lang.FR:
        return f"{day:%d/%m/%Y}"
    return f"{day.day} {_MONTHS_EN[day.month - 1][:3]} {day.year}"


def hour(start: int, lang: Lang) -> str:
    """Label of a local start hour: `8 h`, `08:00`."""
    return f"{start}{_NARROW}h" if lang is Lang.FR else f"{start:02d}:00"


def hour_span(start: int, lang: Lang) -> str:
    """The hour from its local start to its end: `8 h – 9 h`, `08:00–09:00`."""
    end = 24 if start == 23 else start + 1
    dash = " – " if lang is Lang.FR else "–"
    return f"{hour(start, lang)}{dash}{hour(end, lang)}"


def clock(instant: datetime, lang: Lang) -> str:
    """An instant as Paris local time: `8 h 00`, `08:00`."""
    local = instant.astimezone(PARIS)
    if lang is Lang.EN:
        return f"{local:%H:%M}"
    return f"{local.hour}{_NARROW}h{_NARROW}{local:%M}"
