"""French and English say the same things, and the page never asks for a word that is not there."""

import re
from itertools import chain
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

import cityflow_dashboard
from cityflow.calendar import DayType
from cityflow.contracts import Severity, State
from cityflow.contracts.chantiers import WorkImpact
from cityflow.contracts.register import MEASURES
from cityflow.contracts.roads import HEALTH
from cityflow.contracts.weather import Category, Impact
from cityflow_dashboard.address import VIEWS
from cityflow_dashboard.format import Lang
from cityflow_dashboard.stage import CHARTS
from cityflow_dashboard.text import WORDS, Text, preferred

SOURCES = Path(cityflow_dashboard.__file__).parent
FRENCH, ENGLISH = WORDS[Lang.FR], WORDS[Lang.EN]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(FRENCH) == list(ENGLISH)


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_fill_the_same_placeholders(key: str) -> None:
    assert placeholders(FRENCH[key]) == placeholders(ENGLISH[key])
    assert FRENCH[key].strip() and ENGLISH[key].strip()


def test_the_page_never_claims_to_be_up_to_the_minute() -> None:
    for words in WORDS.values():
        for text in words.values():
            assert not re.search(r"\b(live|en direct|temps réel|real.time)\b", text, re.IGNORECASE)


def test_french_punctuation_has_no_plain_apostrophe() -> None:
    assert not [key for key, text in FRENCH.items() if "'" in text]


CODE = "".join(
    path.read_text(encoding="utf-8")
    for path in SOURCES.glob("*.py")
    if not path.name.startswith("words_")
)
BUILT = (
    "baseline.",
    "check.",
    "cover.",
    "finding.",
    "health.",
    "impact.",
    "kicker.",
    "level.",
    "loops.class.",
    "nav.",
    "network.",
    "sky.",
    "view.",
    "weather.impact.",
    "day_type.",
    "state.",
    "severity.",
    "measure.",
    "map.hue.",
    "map.saturated.",
    "figures.arcs.",
)


def test_every_word_the_code_asks_for_exists() -> None:
    asked = set(re.findall(r'\btext\(\s*"([^"]+)"', CODE))
    assert asked
    assert asked <= set(ENGLISH)


def test_every_word_is_used() -> None:
    built = {f"{title}.alt" for title in CHARTS}
    idle = {
        key
        for key in ENGLISH
        if not re.search(
            rf"[\"']({re.escape(key)}|{re.escape(key.removeprefix('column.'))})[\"']", CODE
        )
        and not key.startswith(BUILT)
    }
    assert idle <= built


def test_words_that_are_built_from_contracts_exist() -> None:
    for lang in Lang:
        text = Text(lang)
        assert all(text(f"day_type.{kind}") for kind in DayType)
        assert all(text(f"measure.{name}") for name in ("all", *chain(*MEASURES.values())))
        assert all(text(f"state.{state}") for state in State)
        assert text("severity.saturated") and text("severity.blocked")
        assert all(text(f"view.{name}") and text(f"kicker.{name}") for name in VIEWS)
        assert all(text(f"health.{status}") for status in HEALTH)
        assert all(text(f"sky.{kind}") for kind in get_args(Category))
        assert all(text(f"weather.impact.{size}") for size in get_args(Impact))
        assert all(text(f"impact.{kind}") for kind in get_args(WorkImpact))
        assert len(Severity) == 3


def test_a_word_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        Text(Lang.EN)("no.such.word")
    with pytest.raises(KeyError):
        Text(Lang.EN)("stamp", day="1")


@pytest.mark.parametrize(
    ("locale", "lang"),
    [("fr-FR", Lang.FR), ("fr", Lang.FR), ("en-US", Lang.EN), ("de", Lang.EN), (None, Lang.EN)],
)
def test_language_of_a_browser(locale: str | None, lang: Lang) -> None:
    assert preferred(locale) is lang
