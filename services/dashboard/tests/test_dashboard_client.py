"""The client over real HTTP: pages are walked, contracts checked, failures said in words."""

import socket
from datetime import date

import pytest

from cityflow_dashboard.client import Api, ApiRefused, ApiUnreachable

DAY = date(2026, 6, 21)
EDITION = "20260621aaaaaaaaaaaa"


@pytest.fixture
def api(worlds: str) -> Api:
    return Api(f"{worlds}/full/")


def test_all_pages_of_days_are_read(api: Api) -> None:
    days = [entry.day for entry in api.days()]
    assert len(days) == len(set(days)) == 6
    assert days[0] == DAY


def test_all_pages_of_arcs_are_read(api: Api) -> None:
    arcs = api.arcs(DAY, EDITION)
    assert [arc.arc_id for arc in arcs] == sorted({arc.arc_id for arc in arcs})
    assert len(arcs) == 300


def test_a_summary_is_of_the_day_and_edition_asked_for(api: Api) -> None:
    summary = api.document("comptages", DAY, EDITION)
    assert (summary.day, summary.edition) == (DAY, EDITION)


def test_hours_of_all_arcs_and_of_one(api: Api) -> None:
    eight = api.arc_hours(DAY, EDITION, 8)
    assert {row.hour_of_day for row in eight} == {8}
    assert len(eight) == 300
    assert len(api.hours_of_arc(DAY, EDITION, "1000")) == 24


def test_days_of_an_arc_keep_what_is_not_known(api: Api) -> None:
    found = api.arc_days("1000", date(2026, 6, 17), DAY)
    assert [day.status for day in found.days].count("no_data") == 1


def test_a_problem_is_told_with_its_request(api: Api) -> None:
    with pytest.raises(ApiRefused, match=r"Unknown arc: No arc none .* \(request r-123\)") as told:
        api.hours_of_arc(DAY, EDITION, "none")
    assert told.value.status == 404


def test_another_program_at_the_address_is_refused(worlds: str) -> None:
    with pytest.raises(ApiRefused, match="not a DayList"):
        Api(f"{worlds}/other").days()
    with pytest.raises(ApiRefused, match="404: not an answer of the CityFlow API; check API_URL"):
        Api(f"{worlds}/nowhere").days()


def test_another_version_is_refused_with_the_place(worlds: str) -> None:
    with pytest.raises(ApiRefused, match=r"not a DayList at '.*run the API and the dashboard of"):
        Api(f"{worlds}/odd").days()


def test_nothing_at_the_address_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ApiUnreachable, match=f"127.0.0.1:{port}"):
        Api(f"http://127.0.0.1:{port}").days()


def test_an_api_that_never_answers_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        api = Api(f"http://127.0.0.1:{mute.getsockname()[1]}", read_seconds=0.2)
        with pytest.raises(ApiUnreachable):
            api.days()


def test_a_proxy_of_the_environment_is_not_used(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert api.days()


def test_credentials_are_never_shown() -> None:
    assert Api("http://me:secret@api.test:8000").place == "http://api.test:8000"
