"""PRIM, GBFS, weather and calendars: bodies, keys, quotas, errors, clocks."""

from datetime import datetime
from typing import Any

import pytest

from cityflow.calendar import PARIS

PRIM = "/marketplace/disruptions_bulk/disruptions/v2"
VELIB = "/opendata/Velib_Metropole"
PLACE = {"latitude": 48.85, "longitude": 2.35}


def test_prim_wants_the_right_key(standin: Any) -> None:
    without = standin.get(PRIM)
    assert (without.status_code, without.json()) == (
        401, {"message": "No API key found in request"},
    )  # fmt: skip
    wrong = standin.get(PRIM, headers={"apikey": "another"})
    assert (wrong.status_code, wrong.json()) == (401, {"message": "Unauthorized"})


def test_prim_counts_down_to_midnight_utc(standin: Any) -> None:
    standin.control("PUT", "/now", {"now": "2025-11-22T22:30:00Z"})
    answers = [standin.get(PRIM, headers={"ApiKey": "the-key"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    left = [answer.headers["x-ratelimit-remaining-day"] for answer in answers]
    assert left == ["4", "3", "2", "1", "0", "0"]
    assert answers[0].headers["ratelimit-limit"] == "5"
    assert answers[0].headers["ratelimit-reset"] == "5400"
    standin.control("PUT", "/now", {"now": "2025-11-23T00:00:00Z"})
    assert standin.get(PRIM, headers={"apikey": "the-key"}).status_code == 200


def test_disruptions_have_the_published_shape(standin: Any) -> None:
    body = standin.get(PRIM, headers={"apikey": "the-key"}).json()
    assert list(body) == ["disruptions", "lines", "lastUpdatedDate"]
    assert body["lastUpdatedDate"] == "2025-11-20T07:59:30Z"
    always = {"id", "applicationPeriods", "lastUpdate", "cause", "severity", "tags", "title",
              "message"}  # fmt: skip
    for one in body["disruptions"]:
        assert always <= set(one) <= always | {"shortMessage", "impactedSections"}
        assert one["cause"] in ("TRAVAUX", "PERTURBATION", "INFORMATION")
        assert one["severity"] in ("BLOQUANTE", "PERTURBEE", "INFORMATION")
        assert one["title"].startswith("SYN_")
        for period in one["applicationPeriods"]:
            begin, end = (datetime.strptime(period[name], "%Y%m%dT%H%M%S")
                          for name in ("begin", "end"))  # fmt: skip
            assert begin <= end
    assert max(len(one["applicationPeriods"]) for one in body["disruptions"]) > 10
    linked = {
        one for line in body["lines"] for thing in line["impactedObjects"]
        for one in thing["disruptionIds"]
    }  # fmt: skip
    assert linked == {one["id"] for one in body["disruptions"]}
    assert {line["mode"] for line in body["lines"]} >= {"Metro", "Bus", "Tramway"}


def test_disruptions_come_change_and_go(standin: Any) -> None:
    seen: dict[str, set[str]] = {}
    ids = []
    for day in (2, 9, 16, 23, 30):
        standin.control("PUT", "/now", {"now": f"2025-11-{day:02d}T10:00:00Z"})
        body = standin.get(PRIM, headers={"apikey": "the-key"}).json()["disruptions"]
        ids.append({one["id"] for one in body})
        for one in body:
            seen.setdefault(one["id"], set()).add(one["lastUpdate"])
            last = max(period["end"] for period in one["applicationPeriods"])
            end = datetime.strptime(last, "%Y%m%dT%H%M%S").replace(tzinfo=PARIS)
            assert (datetime(2025, 11, day, 11, tzinfo=PARIS) - end).total_seconds() <= 60 * 3600
    assert ids[0] - ids[1] and ids[1] - ids[0] and ids[0] & ids[2]
    assert any(len(updates) > 1 for updates in seen.values())


def test_gbfs_and_portal_tell_the_same_stations(standin: Any) -> None:
    feeds = standin.get(f"{VELIB}/gbfs.json").json()["data"]["en"]["feeds"]
    urls = {feed["name"]: feed["url"].removeprefix(standin.base) for feed in feeds}
    told_now = standin.get(urls["station_status"]).json()["data"]["stations"]
    status = {one["stationCode"]: one for one in told_now}
    known = standin.get(urls["station_information"]).json()["data"]["stations"]
    rows = standin.explore("velib-disponibilite-en-temps-reel/exports/json").json()
    assert {row["stationcode"] for row in rows} == set(status)
    for row, one in zip(rows, known, strict=True):
        told = status[row["stationcode"]]
        assert (
            row["numbikesavailable"]
            == told["numBikesAvailable"]
            == row["mechanical"] + row["ebike"]
        )
        assert row["numdocksavailable"] == told["num_docks_available"]
        assert (row["is_installed"] == "OUI") == (told["is_installed"] == 1)
        assert (row["capacity"], row["name"]) == (one["capacity"], one["name"])
        assert datetime.fromisoformat(row["duedate"]).timestamp() == told["last_reported"]
    assert standin.get(f"{VELIB}/nothing.json").status_code == 404


def test_weather_is_local_and_repeats_the_autumn_hour(standin: Any) -> None:
    body = standin.get(
        "/v1/archive", **PLACE, hourly="temperature_2m,rain", timezone="Europe/Paris",
        start_date="2025-10-25", end_date="2025-10-26",
    ).json()  # fmt: skip
    times = body["hourly"]["time"]
    assert len(times) == 49 and times.count("2025-10-26T02:00") == 2
    assert body["utc_offset_seconds"] == 3600 and body["timezone_abbreviation"] == "CET"
    assert (body["latitude"], body["longitude"]) == (48.82, 2.29)
    assert body["hourly_units"] == {"time": "iso8601", "temperature_2m": "°C", "rain": "mm"}
    assert {len(values) for values in body["hourly"].values()} == {49}
    assert body["synthetic"] is True
    spring = standin.get("/v1/archive", **PLACE, hourly="rain", timezone="Europe/Paris",
                         start_date="2025-03-30", end_date="2025-03-30").json()  # fmt: skip
    assert len(spring["hourly"]["time"]) == 23


def test_weather_in_seconds_and_in_the_zone_of_the_place(standin: Any) -> None:
    body = standin.get("/v1/forecast", **PLACE, hourly="precipitation", daily="rain_sum",
                       timezone="auto", timeformat="unixtime", forecast_days=16).json()  # fmt: skip
    assert body["timezone"] == "Europe/Paris" and body["hourly_units"]["time"] == "unixtime"
    first = datetime(2025, 11, 20, tzinfo=PARIS).timestamp()
    assert body["hourly"]["time"][:2] == [first, first + 3600]
    assert body["daily"]["time"][:2] == [first, first + 86_400]
    assert min(value for value in body["hourly"]["precipitation"] if value is not None) == 0


def test_the_archive_is_late_and_forecasts_are_renewed(standin: Any) -> None:
    late = standin.get("/v1/archive", **PLACE, hourly="temperature_2m",
                       start_date="2025-11-10", end_date="2025-11-20").json()  # fmt: skip
    known = [value is not None for value in late["hourly"]["temperature_2m"]]
    assert sum(known[: 24 * 5]) > 110 and not any(known[24 * 5 + 9 :])
    ahead = {"hourly": "temperature_2m", "start_date": "2025-11-22", "end_date": "2025-11-22"}
    before = standin.get("/v1/forecast", **PLACE, **ahead).json()["hourly"]
    standin.control("PUT", "/now", {"now": "2025-11-24T08:00:00Z"})
    after = standin.get("/v1/forecast", **PLACE, **ahead).json()["hourly"]
    assert before["time"] == after["time"] and before != after
    standin.control("PUT", "/now", {"now": "2025-12-24T08:00:00Z"})
    assert standin.get("/v1/forecast", **PLACE, **ahead).json()["hourly"] == after
    archived = standin.get("/v1/archive", **PLACE, **ahead).json()["hourly"]
    assert archived == after


def test_days_of_weather_are_figures_of_their_hours(standin: Any) -> None:
    names = "temperature_2m_max,temperature_2m_min,precipitation_sum,precipitation_hours"
    body = standin.get("/v1/forecast", **PLACE, hourly="temperature_2m,precipitation", daily=names,
                       timezone="Europe/Paris", past_days=9, forecast_days=0).json()  # fmt: skip
    assert len(body["daily"]["time"]) == 9
    for index, day in enumerate(body["daily"]["time"]):
        hours = [i for i, time in enumerate(body["hourly"]["time"]) if time.startswith(day)]
        heat = [body["hourly"]["temperature_2m"][i] for i in hours]
        wet = [body["hourly"]["precipitation"][i] for i in hours]
        if None in heat or None in wet:
            continue
        found = {name: body["daily"][name][index] for name in names.split(",")}
        assert found == {
            "temperature_2m_max": max(heat),
            "temperature_2m_min": min(heat),
            "precipitation_sum": pytest.approx(sum(wet)),
            "precipitation_hours": sum(value > 0 for value in wet),
        }


@pytest.mark.parametrize(
    ("path", "params", "reason"),
    [
        ("forecast", {"hourly": "rain"}, "required for key 'latitude'"),
        ("forecast", {**PLACE, "hourly": "speed"}, "from invalid String value speed."),
        ("forecast", {**PLACE, "daily": "rain_sum"}, "Timezone is required"),
        ("forecast", {**PLACE, "past_days": 93}, "out of allowed range"),
        ("forecast", {**PLACE, "timezone": "Paris"}, "Invalid timezone"),
        ("forecast", {"latitude": 91, "longitude": 2}, "Latitude must be in range"),
        ("archive", PLACE, "required for key 'start_date'"),
        ("archive", {**PLACE, "start_date": "2025-11-21", "end_date": "2025-11-21"},
         "Parameter 'start_date' is out of allowed range from 1940-01-01 to 2025-11-20"),
        ("archive", {**PLACE, "start_date": "yesterday", "end_date": "2025-11-21"}, "Invalid date"),
        ("archive", {**PLACE, "start_date": "2025-11-19", "end_date": "2025-11-18"},
         "End-date must be larger"),
    ],
)  # fmt: skip
def test_weather_says_why_not(standin: Any, path: str, params: dict[str, Any], reason: str) -> None:
    answer = standin.get(f"/v1/{path}", **params)
    assert answer.status_code == 400
    assert answer.json()["error"] is True and reason in answer.json()["reason"]


def test_each_service_has_its_own_way_of_saying_too_many(standin: Any) -> None:
    standin.control("PUT", "/faults", {"faults": [{"kind": "status", "status": 429}]})
    weather = standin.get("/v1/forecast", **PLACE)
    assert weather.json() == {
        "error": True,
        "reason": "Minutely API request limit exceeded. Please try again in one minute.",
    }
    prim = standin.get(PRIM)
    assert prim.json() == {"message": "API rate limit exceeded"}
    assert prim.headers["ratelimit-remaining"] == "0"


def test_calendars(standin: Any) -> None:
    year = standin.get("/jours-feries/metropole/2026.json").json()
    assert len(year) == 11 and year["2026-05-01"] == "Fête du Travail"
    assert standin.get("/jours-feries/metropole/1900.json").status_code == 404
    where = 'zones="Zone C" and location="Paris" and start_date<="2025-11-01"'
    rows = standin.explore("fr-en-calendrier-scolaire/records", where=where, limit=1,
                           order_by="start_date desc", timezone="Europe/Paris").json()  # fmt: skip
    assert rows["results"][0]["start_date"] == "2025-10-18T00:00:00+02:00"
    assert rows["results"][0]["end_date"] == "2025-11-03T00:00:00+01:00"
