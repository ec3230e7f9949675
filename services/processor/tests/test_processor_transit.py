"""Public transport: both feeds, days against a slow computation, snapshots, pages, episodes."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processor_house import House, a_house
from processor_transit_slow import Minutes, active, lines, lines_blocked

from cityflow.calendar import PARIS, day_bounds
from cityflow_processor.transit.periods import parsed, union, written

DAY = date(2025, 7, 1)
FORM = "%Y%m%dT%H%M%S"
MODES = {"1": "Metro", "A": "RapidTransit", "72": "Bus", "T3": "Tramway", "96": "Bus"}
SEVERITIES = ("BLOQUANTE", "PERTURBEE", "INFORMATION")
NAMES = dict(zip(SEVERITIES, ("blocking", "disrupted", "information"), strict=True))


@pytest.fixture
def traffic(house: House) -> House:
    house.dataset = "traffic"
    return house


def local(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)


def told(*periods: tuple[datetime, datetime], severity: str = "BLOQUANTE",
         cause: str = "PERTURBATION", on: tuple[str, ...] = ("1",),
         stops_of: tuple[str, ...] = ()) -> dict[str, Any]:  # fmt: skip
    return {
        "periods": list(periods), "severity": severity, "cause": cause,
        "lines": {line: MODES[line] for line in (*on, *stops_of)}, "stops_of": set(stops_of),
    }  # fmt: skip


def prim(known: dict[str, dict[str, Any]], at: datetime) -> str:
    """An answer of PRIM. Its words name other lines than its objects."""
    disruptions = [
        {
            "id": name, "cause": one["cause"], "severity": one["severity"], "tags": [],
            "applicationPeriods": [
                {"begin": b.strftime(FORM), "end": e.strftime(FORM)} for b, e in one["periods"]
            ],
            "lastUpdate": "20250701T000000", "title": "Metro 14 : Trafic interrompu",
            "message": "<p>Ligne 14</p>",
        }
        for name, one in known.items()
    ]  # fmt: skip
    of_line = [
        {
            "id": f"line:{line}", "name": line, "shortName": line, "mode": mode,
            "networkId": "network:1",
            "impactedObjects": [
                {"type": kind, "id": f"{kind}:{line}", "name": line,
                 "disruptionIds": [n for n, one in known.items() if line in one["lines"]
                                   and (line in one["stops_of"]) == (kind == "stop_point")]}
                for kind in ("line", "stop_point")
            ],
        }
        for line, mode in MODES.items()
    ]  # fmt: skip
    made = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"disruptions": disruptions, "lines": of_line, "lastUpdatedDate": made})


def receive(house: House, text: str, **known: Any) -> None:
    house.receive(text, extension="json", media="json", **known)


def an_answer(rng: random.Random, day: date) -> dict[str, dict[str, Any]]:
    start = local(0, day=day) - timedelta(hours=6)
    found = {}
    for n in range(30):
        periods = []
        for _ in range(rng.randint(1, 4)):
            begin = start + timedelta(minutes=rng.randint(0, 34 * 60))
            periods.append((begin, begin + timedelta(minutes=rng.randint(0, 9 * 60))))
        on = tuple(rng.sample(sorted(MODES), rng.randint(0, 4)))
        whole = rng.randint(0, len(on))
        cause = rng.choice(("TRAVAUX", "PERTURBATION", "INFORMATION"))
        found[f"d{n}"] = told(*periods, severity=rng.choice(SEVERITIES), cause=cause, on=on[:whole],
                              stops_of=on[whole:])  # fmt: skip
    return found


@pytest.mark.parametrize("day", [date(2025, 3, 30), date(2025, 10, 26), DAY])
def test_a_day_agrees_with_a_slow_computation(traffic: House, day: date) -> None:
    rng = random.Random(str(day))
    start, end = day_bounds(day)
    answers = {
        start + timedelta(hours=hour, minutes=7): an_answer(rng, day) for hour in (5, 12, 20)
    }
    last: dict[str, dict[str, Any]] = {}
    for at, known in answers.items():
        kept = {name: one for name, one in known.items() if rng.random() < 0.7}
        answers[at] = kept
        last |= kept
        receive(traffic, prim(kept, at))
    counts = traffic.counts(first=day, last=day)
    assert counts["rows_in"] == counts["published"] == sum(map(len, answers.values()))
    expected = lines(last, Minutes(day))
    found = {row["line_id"].removeprefix("line:"): row for row in traffic.table(day, "lines")}
    assert found.keys() == expected.keys()
    day_s = int((end - start).total_seconds())
    for line, seconds in expected.items():
        assert {name: found[line][name] for name in seconds} == seconds
        assert (found[line]["mode"], found[line]["day_s"]) == (MODES[line], day_s)
        assert found[line]["whole_line_blocked_s"] == seconds["blocked_s"]
    summary = traffic.summary(day)
    totals = summary["totals"]
    blocked = sum(seconds["blocked_s"] for seconds in expected.values())
    assert totals["blocked_line_h"] == pytest.approx(blocked / 3600, rel=1e-9)
    at_stops = sum(seconds["stop_blocked_s"] for seconds in expected.values())
    assert totals["stop_blocked_line_h"] == pytest.approx(at_stops / 3600, rel=1e-9)
    assert at_stops and blocked
    share = 1 - blocked / (day_s * len(expected))
    assert totals["availability"] == pytest.approx(share, rel=1e-9)
    for mode in summary["modes"]:
        own = [seconds for line, seconds in expected.items() if MODES[line] == mode["mode"]]
        disrupted = sum(seconds["disrupted_s"] for seconds in own)
        assert mode["disrupted_line_h"] == pytest.approx(disrupted / 3600, rel=1e-9)
    assert totals["coverage"] == 3 / (day_s / 3600)
    for moment, wall in zip(
        summary["moments"], (local(8, 30, day), local(18, 0, day)), strict=True
    ):
        at = datetime.fromisoformat(moment["at"])
        assert at.astimezone(PARIS).replace(tzinfo=None) == wall
        taken = max(one for one in answers if one <= at)
        assert moment["snapshot_age_min"] == (at - taken) / timedelta(minutes=1)
        assert moment["lines_blocked"] == lines_blocked(answers[taken], wall)
        expected_active = active(answers[taken], wall)
        assert {s: moment[NAMES[s]] for s in SEVERITIES} == expected_active


FOLDER = "disruptions"
PAGE = "navitia_line_reports_2024-04-30_page0.json"
WINDOW = "navitia_line_reports_since-2024-01-03_captured-2024-05-11.json"
WORDS = {0: "BLOQUANTE", 30: "PERTURBEE", 60: "INFORMATION"}


def navitia_told(path: Path) -> dict[str, dict[str, Any]]:
    """The disruptions of a Navitia answer, read again."""
    answer = json.loads(path.read_text("utf-8"))
    known: dict[str, dict[str, Any]] = {}
    for one in answer["disruptions"]:
        periods = [tuple(datetime.strptime(p[e], FORM) for e in ("begin", "end"))
                   for p in one["application_periods"]]  # fmt: skip
        on = [o["pt_object"]["line"] for o in one["impacted_objects"] if "line" in o["pt_object"]]
        named = {line["id"] for line in on}
        for report in answer["line_reports"]:
            places = [report["line"], *(o[o["embedded_type"]] for o in report["pt_objects"])]
            if any(link["id"] == one["id"] for p in places for link in p["links"] if "id" in link):
                on.append(report["line"])
        modes = {x["id"]: x["physical_modes"][0]["id"].partition(":")[2] for x in on}
        known[one["id"]] = {
            "periods": periods, "severity": WORDS[one["severity"]["priority"]],
            "cause": one["cause"].upper(), "lines": modes, "stops_of": modes.keys() - named,
        }  # fmt: skip
    return known


def test_the_real_files_agree_with_a_slow_computation(traffic: House, real_data: Path) -> None:
    paths = [real_data / FOLDER / name for name in (PAGE, WINDOW)]
    for path, rows, day in zip(
        paths, (19, 156), (date(2024, 4, 30), date(2024, 5, 11)), strict=True
    ):
        with a_house("traffic") as house:
            house.receive_file(path, extension="json", media="json")
            counts = house.counts()
            assert (counts["rows_in"], counts["published"], counts["days"]) == (rows, rows, 1)
            known = navitia_told(path)
            expected = lines(known, Minutes(day))
            found = {row["line_id"]: row for row in house.table(day, "lines")}
            assert found.keys() == expected.keys()
            modes = {line: mode for one in known.values() for line, mode in one["lines"].items()}
            for line, seconds in expected.items():
                assert {name: found[line][name] for name in seconds} == seconds
                assert found[line]["mode"] == modes[line]
            assert (house.check(day, "pages")[0] == "yellow") == (rows == 19)


def report(line: str, *links: str) -> dict[str, Any]:
    about = {
        "id": f"line:{line}", "name": line, "code": line, "network": {"id": "network:1"},
        "physical_modes": [{"id": f"physical_mode:{MODES[line]}"}],
        "links": [{"type": "disruption", "id": name} for name in links],
    }  # fmt: skip
    return {"line": about, "pt_objects": [{"embedded_type": "line", "line": about}]}


def page(number: int, reports: list[dict[str, Any]], total: int, second: int = 0,
         priority: int = 0, name: str = "n1") -> str:  # fmt: skip
    one = {
        "id": name, "cause": "travaux", "updated_at": "20250701T060000", "messages": [],
        "application_periods": [{"begin": "20250701T060000", "end": "20250701T090000"}],
        "severity": {"name": "autre", "priority": priority}, "impacted_objects": [],
    }  # fmt: skip
    return json.dumps({
        "disruptions": [one], "line_reports": reports,
        "context": {"current_datetime": f"20250701T0810{second:02d}", "timezone": "Europe/Paris"},
        "pagination": {"start_page": number, "items_on_page": len(reports), "total_result": total},
    })  # fmt: skip


@pytest.mark.parametrize("apart", [0, 5])
def test_pages_of_one_answer_are_merged(traffic: House, apart: int) -> None:
    receive(traffic, page(1, [report("T3", "n1")], 3, second=apart))
    receive(traffic, page(0, [report("1", "n1"), report("72", "n1")], 3))
    counts = traffic.counts()
    assert (counts["rows_in"], counts["published"], counts["duplicates"]) == (2, 2, 0)
    assert [row["line_id"] for row in traffic.table(DAY, "lines")] == [
        "line:1",
        "line:72",
        "line:T3",
    ]
    (morning, evening) = traffic.summary(DAY)["moments"]
    assert (morning["blocking"], morning["lines_blocked"], evening["blocking"]) == (1, 3, 0)
    assert (traffic.summary(DAY)["snapshots"], traffic.check(DAY, "pages")[0]) == (1, "green")


@pytest.mark.parametrize(
    ("priority", "severity"),
    [(0, "blocking"), (15, "blocking"), (30, "disrupted"), (60, "information")],
)
def test_a_lower_priority_is_worse(traffic: House, priority: int, severity: str) -> None:
    receive(traffic, page(0, [report("1", "n1")], 1, priority=priority))
    traffic.process()
    (row,) = traffic.table(DAY, "clean")
    assert (row["severity"], row["priority"], row["cause"]) == (severity, priority, "works")


def test_what_breaks_the_contract_is_kept_with_its_reason(traffic: House) -> None:
    answer = json.loads(prim({"d1": told((local(6), local(6)))}, local(9).astimezone(UTC)))
    good = answer["disruptions"][0]
    ends = {"begin": "20250701T100000", "end": "20250701T095959"}
    answer["disruptions"] += [
        good | {"id": ""}, good | {"id": "d2", "applicationPeriods": []}, 7,
        good | {"id": "d3", "applicationPeriods": [ends]}, good | {"id": "d4", "severity": "?"},
        good | {"id": "d5", "applicationPeriods": [{"begin": "20251301T000000", "end": ""}]},
    ]  # fmt: skip
    receive(traffic, json.dumps(answer))
    counts = traffic.counts()
    assert counts["rejected_by_reason"] == {
        "bad_disruption": 1, "bad_period": 1, "bad_severity": 1, "ends_before_begin": 1,
        "no_period": 1, "not_an_object": 1,
    }  # fmt: skip
    assert (counts["rows_in"], counts["published"]) == (7, 1)
    assert traffic.summary(DAY)["totals"]["disruptions"] == 0  # a period without length
    receive(traffic, json.dumps({"disruptions": {}}))
    assert "no list of disruptions" in traffic.counts()["unreadable"][0]


def test_a_day_without_a_snapshot_uses_the_last_before_else_the_next(traffic: House) -> None:
    long = told((local(0) - timedelta(days=9), local(0) + timedelta(days=9)))
    for days in (0, 2):
        at = local(10).replace(tzinfo=PARIS) + timedelta(days=days)
        receive(traffic, prim({f"d{days}": long}, at))
    days = [DAY + timedelta(days=n) for n in (-1, 0, 1, 2)]
    traffic.process(days[0], days[-1])
    found = [traffic.summary(day) for day in days]
    assert [one["snapshot_later"] for one in found] == [True, False, False, False]
    assert [one["moments"][0]["blocking"] for one in found] == [None, None, 1, 1]
    assert [one["moments"][1]["snapshot_age_min"] for one in found] == [None, 480, 1920, 480]
    assert [one["totals"]["coverage"] for one in found] == [0, 1 / 24, 0, 1 / 24]
    assert [one["totals"]["disruptions"] for one in found] == [1, 1, 1, 2]


def test_episodes_go_from_the_first_to_the_last_sight_over_days(traffic: House) -> None:
    start = datetime(2025, 7, 1, 21, 50, tzinfo=UTC)
    steps = [start + timedelta(minutes=5 * n) for n in range(5)]
    seen = {"d1": steps[:4], "d2": steps[4:]}
    for at in steps:
        known = {name: told((local(20), local(23, 59))) for name, ats in seen.items() if at in ats}
        receive(traffic, prim(known, at))
    traffic.process()
    (first,) = traffic.table(DAY, "episodes")
    assert (first["first_seen_at"], first["last_seen_at"]) == (steps[0], steps[1])
    assert (first["gone_by"], first["snapshots"]) == (None, 2)
    second = {r["disruption_id"]: r for r in traffic.table(DAY + timedelta(days=1), "episodes")}
    assert (second["d1"]["first_seen_at"], second["d1"]["last_seen_at"]) == (steps[0], steps[3])
    assert second["d1"]["gone_by"] == steps[4]
    assert {row["episode_id"] for row in second.values()} == {"d1"}


def test_the_order_of_receipts_changes_nothing(traffic: House) -> None:
    texts = [prim(an_answer(random.Random(hour), DAY), local(hour).replace(tzinfo=PARIS))
             for hour in (7, 12, 17)]  # fmt: skip
    editions = []
    for order in (texts, texts[::-1]):
        with a_house("traffic") as house:
            for text in order:
                receive(house, text)
            house.process()
            editions.append(house.published())
    pointers = [{k: v for k, v in one.items() if "metrics" in k} for one in editions]
    assert pointers[0] == pointers[1] and pointers[0]


SPANS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 90)), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(SPANS, st.integers(0, 200), st.integers(1, 200))
def test_a_union_counts_each_second_once(found: list[Any], start: int, length: int) -> None:
    spans = sorted({(begin, begin + seconds) for begin, seconds in found})
    covered = {second for begin, end in spans for second in range(begin, end)}
    within = (start, start + length)
    assert union(spans, within) == len(covered & set(range(*within)))
    assert parsed(written(spans)) == tuple(spans)
