"""The register of anomalous ranges: its command, its views, what a change renews."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processor_house import Ended, House, a_house, row, text_of
from processor_register_slow import arc_hours, counter_hours
from test_processor_bikes import a_day, file_of

from cityflow.calendar import PARIS, day_bounds, hour_ends
from cityflow.contracts.register import AnomalousRange
from cityflow.errors import BadArguments, FileRefused
from cityflow.settings import Settings
from cityflow_processor.asked import Asked
from cityflow_processor.rebuild import REBUILDER
from cityflow_processor.register.automatic import flags, joined
from cityflow_processor.register.book import Book, bearing_on, days_of
from cityflow_processor.register.days import process
from cityflow_processor.register.sheet import read, written

AUTUMN = date(2025, 10, 26)
SPRING = date(2025, 3, 30)
COUNTER = "100003096-353242251"
Command = Callable[..., Ended]


def roads(*days: date, arcs: tuple[str, ...] = ("4264", "5035"), seed: int = 1) -> str:
    rng = random.Random(seed)
    return text_of([
        row(iu_ac=arc, t_1h=end.astimezone(PARIS).isoformat(), q=f"{rng.randint(0, 900)}.0",
            k=f"{rng.randint(0, 60)}.5")
        for day in days for end in hour_ends(day) for arc in arcs
    ])  # fmt: skip


def a_range(**known: Any) -> AnomalousRange:
    at = datetime(2025, 11, 1, 9, tzinfo=UTC)
    usual = {"dataset": "comptages", "sensor": "4264", "measure": None, "end": None,
             "problem": "cable cut", "who": "anna", "noted_at": at}  # fmt: skip
    return AnomalousRange(**usual | known)


def views(house: House) -> House:
    return House(house.folder, house.store, dataset="register")


def drawn(rng: random.Random, day: date, dataset: str, sensors: tuple[str, ...],
          measures: tuple[str, ...]) -> AnomalousRange:  # fmt: skip
    start = day_bounds(day)[0] + timedelta(minutes=rng.randint(-600, 1400))
    end = rng.choice((None, start + timedelta(minutes=rng.randint(1, 400))))
    return a_range(dataset=dataset, sensor=rng.choice((None, *sensors)), start=start, end=end,
                   measure=rng.choice((None, *measures)))  # fmt: skip


@pytest.mark.parametrize("day", [AUTUMN, SPRING])
@pytest.mark.parametrize("seed", range(3))
def test_views_agree_with_a_slow_computation(house: House, day: date, seed: int) -> None:
    rng = random.Random(seed)
    house.receive(roads(day, seed=seed))
    house.receive(file_of(a_day(day, [rng.randint(0, 99) for _ in hour_ends(day)])), "bikes")
    house.process()
    other = House(house.folder, house.store, dataset="bikes")
    other.process()
    ranges = [drawn(rng, day, "comptages", ("4264", "5035"), ("flow_veh", "occupancy_pct"))
              for _ in range(3)]  # fmt: skip
    ranges += [drawn(rng, day, "bikes", (COUNTER,), ("bikes",)) for _ in range(2)]
    for one in ranges:
        Book(house.store).add(one)
    process(house.store, Asked())
    shown = views(house)
    met = [one for one in ranges if one.start < day_bounds(day)[1]
           and (one.end is None or one.end > day_bounds(day)[0])]  # fmt: skip
    assert len(shown.table(day, "clean")) == len(met) > 0
    tables = (("comptages", house, "arc_hours", arc_hours, ("flow_veh", "occupancy_pct")),
              ("bikes", other, "counter_hours", counter_hours, ("bikes",)))  # fmt: skip
    for dataset, raw, name, slow, measures in tables:
        own = [one.model_dump() for one in met if one.dataset == dataset]
        if not own:
            continue
        expected = slow(raw.table(day, name), own)
        assert shown.table(day, name) == expected
        for measure in measures:
            (view,) = [v for v in shown.summary(day)["views"] if v["measure"] == measure]
            before = [r[measure] for r in raw.table(day, name) if r[measure] is not None]
            left = [r[measure] for r in expected if r[measure] is not None]
            assert (view["raw_values"], view["filtered_values"]) == (len(before), len(left))
            if measure != "occupancy_pct":
                assert view["raw_sum"] == (sum(before) if before else None)
                assert view["filtered_sum"] == (sum(left) if left else None)


DAYS = [date(2025, 10, 26) + timedelta(days=n) for n in range(4)]


@pytest.fixture
def counted(house: House) -> House:
    house.receive(roads(*DAYS))
    house.process()
    return house


def test_a_change_renews_the_days_it_bears_on_and_nothing_else(
    counted: House, command: Command
) -> None:
    raw, shown = counted.published(), views(counted)
    given = ("--dataset", "comptages", "--sensor", "4264", "--problem", "cut", "--who", "anna")
    ended = command(
        "register", "add", *given, "--from", "2025-10-27", "--to", "2025-10-29", "--json"
    )
    assert json.loads(ended.out)["days"] == {"new": 2, "unchanged": 0, "red": 0}
    assert shown.editions().keys() == set(DAYS[1:3])
    first = shown.editions()
    command("register", "add", *given, "--from", "2025-10-28T08:30", "--to", "2025-10-28T09:00")
    second = shown.editions()
    assert {day for day in second if second[day] != first[day]} == {DAYS[2]}
    (hour,) = [one for one in Book(counted.store).standing() if one.range.start.minute]
    ended = command("register", "remove", hour.range_id, "--who", "bert", "--json")
    assert json.loads(ended.out)["days"]["new"] == 1
    assert shown.editions() == first
    (rest,) = Book(counted.store).standing()
    command("register", "remove", rest.range_id, "--who", "bert")
    assert [shown.summary(day)["ranges_total"] for day in DAYS[1:3]] == [0, 0]
    assert shown.summary(DAYS[1])["context"] == {"comptages": None, "bikes": None}
    assert counted.published() == raw
    assert {one.withdrawn_by for one in Book(counted.store).every()} == {"bert"}


def test_late_counts_renew_the_views_of_their_day(counted: House, command: Command) -> None:
    Book(counted.store).add(a_range(start=day_bounds(DAYS[0])[0]))
    assert command("run", "--date", DAYS[1], "--json").code == 0
    before = views(counted).editions()
    assert before.keys() == {DAYS[1]}
    counted.receive(roads(DAYS[1], seed=2))
    command("run", "--date", DAYS[1])
    after = views(counted)
    assert after.edition(DAYS[1]) != before[DAYS[1]]
    assert after.summary(DAYS[1])["context"]["comptages"] == counted.edition(DAYS[1])
    assert json.loads(command("run", "--date", DAYS[1], "--json").out)["datasets"]["register"][
        "editions"
    ] == {"new": 0, "unchanged": 1, "red": 0}


def test_any_order_of_entries_gives_the_same_bytes() -> None:
    rng = random.Random(5)
    ranges = [drawn(rng, DAYS[0], "comptages", ("4264", "5035"), ("flow_veh",)) for _ in range(6)]
    published = []
    for order in (ranges, ranges[::-1]):
        with a_house() as house:
            house.receive(roads(*DAYS))
            house.process()
            for one in order:
                Book(house.store).add(one)
                process(house.store, Asked())
            shown = views(house)
            current = shown.editions()
            published.append({k: v for k, v in shown.published().items()
                              if any(of in k for of in current.values())})  # fmt: skip
    assert published[0] == published[1] and published[0]


def test_export_and_import_give_the_same_register(
    counted: House, command: Command, tmp_path: Path
) -> None:
    Book(counted.store).add(a_range(start=day_bounds(DAYS[0])[0], problem='=1+1, "so"\n\'x'))
    Book(counted.store).add(a_range(sensor=None, start=day_bounds(DAYS[2])[0],
                                    end=day_bounds(DAYS[2])[1], measure="flow_veh"))  # fmt: skip
    file = tmp_path / "register.csv"
    assert command("register", "export", file).code == 0
    assert command("register", "export").out == file.read_text()
    held = [one.range for one in Book(counted.store).standing()]
    assert sorted(read("r", file.read_text()), key=str) == sorted(held, key=str)
    assert json.loads(command("register", "import", file, "--json").out)["added"] == []
    with a_house() as house:
        added, gone = Book(house.store).correct(read("r", file.read_text()))
        assert (len(added), gone) == (2, [])
        assert written(Book(house.store).standing()) == file.read_text()
    file.write_text(file.read_text().replace("cable cut", "paint on it"))
    ended = json.loads(command("register", "import", file, "--json").out)
    assert [one["problem"] for one in ended["removed"]] == ["cable cut"]
    assert [one["problem"] for one in ended["added"]] == ["paint on it"]
    assert views(counted).editions().keys() == {DAYS[2]}


ROWS = {
    "no column problem": "dataset,sensor,measure,start,end\n",
    "line 2: found dataset": "velib,1,,2025-01-01T00:00:00Z,,p,w,2025-01-01T00:00:00Z\n",
    "line 2: found start": "bikes,1,,soon,,p,w,2025-01-01T00:00:00Z\n",
    "stands above already": 2 * "bikes,1,,2025-01-01T00:00:00Z,,p,w,2025-01-01T00:00:00Z\n",
}


@pytest.mark.parametrize("said", ROWS)
def test_a_file_that_means_nothing_is_refused_with_its_line(said: str) -> None:
    head = "dataset,sensor,measure,start,end,problem,who,noted_at\n"
    with pytest.raises(FileRefused, match=said):
        read("r.csv", ROWS[said] if said.startswith("no column") else head + ROWS[said])


def test_what_cannot_be_entered_is_refused(counted: House, command: Command) -> None:
    given = ("register", "add", "--problem", "p", "--who", "w", "--dataset")
    for arguments, said in (
        (("velib", "--from", "2025-10-26"), "has no register"),
        (("bikes", "--from", "2025-10-26", "--measure", "flow_veh"), "bikes has bikes"),
        (("bikes", "--from", "26.10.25"), "is no instant"),
        (("bikes", "--from", "2025-10-27", "--to", "2025-10-27"), "not after its start"),
    ):
        ended = command(*given, *arguments)
        assert (ended.code, said in ended.err) == (2, True), ended.err
    Book(counted.store).add(a_range(start=day_bounds(DAYS[0])[0]))
    with pytest.raises(BadArguments, match="remove it first"):
        Book(counted.store).add(a_range(start=day_bounds(DAYS[0])[0], problem="other"))
    assert Book(counted.store).add(a_range(start=day_bounds(DAYS[0])[0])) is False


def test_automatic_flags_are_those_of_the_edition_and_are_confirmed_apart(
    counted: House, command: Command
) -> None:
    stuck = [row(iu_ac="4264", t_1h=end.astimezone(PARIS).isoformat(), q="50.0", k="3.0")
             for day in DAYS[:3] for end in hour_ends(day)]  # fmt: skip
    counted.receive(text_of(stuck))
    command("backfill")
    assert [one.problem for one in flags(counted.store, "comptages", DAYS[0])] == ["constant"]
    assert flags(counted.store, "comptages", DAYS[3]) == []
    ended = command("register", "list", "--from", DAYS[0], "--to", DAYS[3], "--json")
    listed = json.loads(ended.out)
    assert (listed["confirmed"], len(listed["automatic"])) == ([], 3)
    assert views(counted).editions() == {}
    given = ("--dataset", "comptages", "--from", DAYS[0], "--to", DAYS[3], "--who", "anna")
    assert command("register", "confirm", "--sensor", "5035", *given).code == 2
    command("register", "confirm", "--sensor", "4264", *given)
    (entry,) = Book(counted.store).standing()
    assert days_of(entry.range) == (DAYS[0], DAYS[2])
    assert (entry.range.problem, entry.range.who) == ("constant", "anna")
    # A day that is processed again has no flag of before; what was confirmed stays.
    counted.receive(roads(DAYS[0], seed=9))
    command("run", "--date", DAYS[0])
    assert flags(counted.store, "comptages", DAYS[0]) == []
    assert bearing_on(Book(counted.store).standing(), DAYS[0]) == [entry]


def test_ranges_that_touch_are_joined_by_problem() -> None:
    days = [day_bounds(day) for day in DAYS]
    found = [a_range(start=s, end=e, problem=p) for (s, e), p in zip(days, "aaba", strict=True)]
    spans = [(one.problem, one.start, one.end) for one in joined(found[::-1])]
    assert spans == [("a", days[0][0], days[1][1]), ("a", *days[3]), ("b", *days[2])]


def test_earlier_views_are_given_back(counted: House, command: Command) -> None:
    given = ("--dataset", "comptages", "--sensor", "4264", "--problem", "cut", "--who", "anna")
    command("register", "add", *given, "--from", "2025-10-27", "--to", "2025-10-29")
    command("register", "add", *given, "--from", "2025-10-28T08:30", "--to", "2025-10-28T09:00")
    before = views(counted).published()
    editions = views(counted).editions()
    for key in views(counted).objects("metrics/register", "clean/register"):
        counted.store.objects.delete(key)
    done = dict(REBUILDER.rebuild(counted.store, Settings(output_dir=counted.folder),
                                  as_published=True))  # fmt: skip
    assert not done["register"].failed
    assert views(counted).editions() == editions
    assert views(counted).published() == before
