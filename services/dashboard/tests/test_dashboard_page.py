"""The page as Streamlit runs it, over a real API: what a reader finds on it, and when not."""

import re
import socket
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
import requests
from streamlit.testing.v1 import AppTest

from cityflow_dashboard import loading
from cityflow_dashboard.main import PAGE

Open = Callable[..., AppTest]


@pytest.fixture
def opened(worlds: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the page over a world, with an address' query parameters."""

    def start(world: str = "full", api_url: str | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("API_URL", api_url or f"{worlds}/{world}")
        loading.api_url.clear()
        page = AppTest.from_file(PAGE, default_timeout=60)
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return start


def html(page: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in page.get("html"))


def words(page: AppTest) -> str:
    """What a reader reads: HTML without tags and style sheet."""
    body = re.sub(r"<style>.*?</style>", " ", html(page), flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", body.replace("<wbr>", "")))


def test_figures_stand_beside_their_coverage(opened: Open) -> None:
    page = opened(lang="en", day="2026-06-21")
    text = words(page)
    assert "Sunday 21 June 2026" in text
    for label in ("Vehicles counted", "Distance driven", "Mean occupancy", "Saturated arc-hours"):
        assert label in text
    assert re.search(r"[\d.]+% +of arc-hours have a flow", text)
    assert re.search(r"counting +194 +occupancy only +51 +silent +55", text)


def test_edition_and_coverage_are_on_every_view(opened: Open) -> None:
    text = words(opened(lang="en"))
    assert text.count("edition 20260621aaaaaaaaaaaa") == 10
    assert "Ranges confirmed to be wrong" in text


def test_source_and_licence_are_linked(opened: Open) -> None:
    body = html(opened(lang="en"))
    assert 'href="https://opendatacommons.org/licenses/odbl/1-0/"' in body
    for dataset in ("comptages-routiers-permanents", "arrondissements"):
        assert f'href="https://opendata.paris.fr/explore/dataset/{dataset}/"' in body


def test_synthetic_data_say_so(opened: Open) -> None:
    assert "not a measurement of Paris" in words(opened(lang="en"))
    assert "pas une mesure de Paris" in words(opened(lang="fr"))


def test_charts_and_map_are_drawn(opened: Open) -> None:
    page = opened()
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 8


def test_a_label_of_the_source_is_text_not_html(opened: Open) -> None:
    body = html(opened())
    assert "<b>Rue" not in body


def test_the_language_is_the_address_else_the_browser(opened: Open) -> None:
    assert "La journée en chiffres" in words(opened(lang="fr"))
    assert "The day in figures" in words(opened(lang="xx"))


def test_switching_language_keeps_the_day(opened: Open) -> None:
    page = opened(lang="en", day="2026-06-20")
    page.segmented_control(key="control_lang").set_value("fr").run()
    assert page.query_params == {"lang": "fr", "day": "2026-06-20"}
    assert "Samedi 20 juin 2026".casefold() in words(page).casefold()


def test_days_are_stepped_through_and_the_address_follows(opened: Open) -> None:
    page = opened(lang="en")
    assert page.button(key="nav.later").disabled
    page.button(key="nav.earlier").click().run()
    assert page.query_params["day"] == "2026-06-20"
    assert "Saturday 20 June 2026" in words(page)
    page.button(key="nav.later").click().run()
    assert page.query_params["day"] == "2026-06-21"


def test_a_day_is_chosen_from_the_list(opened: Open) -> None:
    page = opened(lang="en")
    box = page.selectbox(key="control_day")
    assert box.options[3] == "Thursday 18 June 2026 (no data from source)"
    box.select_index(1).run()
    assert page.query_params["day"] == "2026-06-20"


def test_an_unpublished_day_is_said(opened: Open) -> None:
    page = opened(lang="en", day="2031-01-01")
    assert "2031-01-01 is not published" in page.warning[0].value
    assert "Sunday 21 June 2026" in words(page)
    assert opened(lang="en", day="<script>").warning


def test_a_day_without_data_shows_no_figure(opened: Open) -> None:
    page = opened(lang="en", day="2026-06-18")
    text = words(page)
    assert "No data from the source" in text
    assert "edition 20260618aaaaaaaaaaaa · flow known for — of arc-hours" in text
    assert "Vehicles counted" not in text
    assert "ODbL" in text


def test_a_day_of_rejects_alone_does_not_say_that_the_source_holds_none(opened: Open) -> None:
    for lang, title in (("en", "No usable data"), ("fr", "Aucune donnée utilisable")):
        text = words(opened("rejects", lang=lang, day="2026-06-18"))
        assert title in text
        assert re.search(r"\(1[,\u202f]900\)", text)
    assert "Vehicles counted" not in text


def test_a_short_day_says_so(opened: Open) -> None:
    text = words(opened(lang="en", day="2026-03-29"))
    assert "This local day has 23 hours (clock change); the source holds 23." in text


def test_a_quiet_day_has_no_alert_and_no_ranking(opened: Open) -> None:
    text = words(opened(lang="en", day="2026-06-19"))
    assert "No congestion alert on this day." in text
    assert text.count("No arc to rank on this day.") == 2


def test_reservations_stand_in_the_open(opened: Open) -> None:
    text = words(opened(lang="en"))
    assert "Published with one reservation" in text
    assert "12 duplicate rows dropped, 2 of them in conflict" in text


@pytest.mark.parametrize("hue", ["saturated", "hour"])
def test_the_map_can_be_coloured_otherwise(opened: Open, hue: str) -> None:
    page = opened(lang="en")
    page.segmented_control(key="map_hue").set_value(hue).run()
    assert not page.exception
    assert ("no hour ≥ 30 %" in words(page)) == (hue == "saturated")


def test_the_map_can_show_one_area(opened: Open) -> None:
    page = opened(lang="en")
    page.selectbox(key="map_area").set_value("7").run()
    assert not page.exception
    page.selectbox(key="map_area").set_value("unknown").run()
    assert "No arc of this selection has a known geometry" in words(page)


def test_any_arc_can_be_looked_up(opened: Open) -> None:
    page = opened(lang="en")
    page.selectbox(key="arc").set_value("1003").run()
    assert not page.exception
    assert "SYN_Rue_3 (1003)" in words(page)


def test_an_arc_that_counts_nothing_has_words_where_charts_would_be_empty(
    opened: Open, worlds: str
) -> None:
    day = f"{worlds}/full/v1/days/2026-06-21/arcs?edition={'0' * 20}"
    arcs = requests.get(day, timeout=9).json()["arcs"]
    silent = next(a for a in arcs if not a["flow_hours"] and not a["occupancy_hours"])
    page = opened(lang="en")
    page.selectbox(key="arc").set_value(silent["arc_id"]).run()
    assert not page.exception
    found = words(page)
    for title in ("Vehicles", "Occupancy, %"):
        assert f"{title}: nothing was observed." in found


VIEWS_SHOW = {
    "loops": (
        "1.57",
        "37.5%",
        "1,234",
        "stuck at zero",
        "axis",
        "last sound 18 Jun 2026",
        "21 Jun 2026 00:00 – until further notice",
        "câble coupé",
        "Anna <b>",
    ),
    "bikes": (
        "4,321",
        "93.8%",
        "\u221220.0%",
        "+25.0%",
        "no rows, one direction fades",
        "all sensors",
        "18 Jun 2026 00:00 – 21 Jun 2026 06:00",
        "register, edition eeeee",
    ),
    "velib": ("777", "90.0%", "400 mechanical, 377 electric", "Outside Paris"),
    "transit": ("87.5%", "25.0%", "60 by works, 36 by incidents", "60\u202fmin", "SYN_B12"),
    "works": ("3.7", "87.5%", "75.0%", "SYN_Bd Voltaire", "the next one, received on"),
    "across": ("\u221210.0%", "75.0%", "15 Jun 2026", "\u221237.5%", "Weather: rain, 19.4"),
    "weather": ("19.4", "95.8%", "From 14.1 to 26.2 °C", "A low effect"),
}


@pytest.mark.parametrize("view", VIEWS_SHOW)
def test_every_dataset_has_a_view_with_coverage_source_and_licence(opened: Open, view: str) -> None:
    page = opened(lang="en", view=view)
    found, body = words(page), html(page)
    assert [said for said in VIEWS_SHOW[view] if said not in found] == []
    assert found.count("edition 20260621aaaaaaaaaaaa") == body.count("<h2") + 1
    assert "Licence:" in found and "not a measurement of Paris" in found


def test_the_view_is_chosen_and_kept(opened: Open) -> None:
    page = opened(lang="fr", view="nonsense")
    assert "La circulation à Paris" in words(page)
    page.segmented_control(key="control_view").set_value("bikes").run()
    assert page.query_params == {"lang": "fr", "view": "bikes"}
    assert "Les vélos en chiffres" in words(page)
    assert "Plages confirmées erronées" in words(page)


def test_a_day_without_an_edition_of_the_view_says_which_one_has(opened: Open) -> None:
    page = opened(lang="en", view="velib", day="2026-06-20")
    found = words(page)
    assert "No edition of this dataset is published for Saturday 20 June 2026." in found
    assert "The newest one is of Sunday 21 June 2026." in found
    assert page.selectbox(key="control_day").options[1].endswith("(not published)")


def test_no_api_is_said_with_what_to_run(opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    page = opened(lang="en", api_url=address)
    text = words(page)
    assert f"Nothing answers at {address}" in text
    assert "cityflow-api" in text
    page.button[0].click().run()
    assert not page.exception


def test_an_api_that_refuses_is_quoted(opened: Open) -> None:
    text = words(opened("broken", lang="en"))
    assert "Store unavailable: The store does not answer; try again" in text


def test_a_summary_that_cannot_be_had_leaves_the_controls(opened: Open) -> None:
    page = opened("no_summary", lang="en")
    assert "The API could not give this day" in words(page)
    assert page.selectbox(key="control_day").value == date(2026, 6, 21)
    page.segmented_control(key="control_lang").set_value("fr").run()
    assert not page.exception


def test_arcs_that_cannot_be_had_leave_the_rest_of_the_page(opened: Open) -> None:
    text = words(opened("no_arcs", lang="en"))
    assert text.count("Store unavailable: The store does not answer; try again") == 2
    assert "Vehicles counted" in text
    assert "Quality of the day" in text


def test_no_day_is_said_with_what_to_run(opened: Open) -> None:
    text = words(opened("empty", lang="fr"))
    assert "Aucun jour n’est encore publié" in text
    assert "cityflow-processor backfill --dataset comptages" in text


def test_nowhere_does_the_page_say_live(opened: Open) -> None:
    for lang in ("fr", "en"):
        assert not re.search(r"\blive\b", words(opened(lang=lang)), re.IGNORECASE)
