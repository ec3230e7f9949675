"""The bike counters: every published form, days against a slow computation, outages and order."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processor_bikes_slow import Slow, rows_of
from processor_house import House, a_house

from cityflow.calendar import hour_ends
from cityflow_processor.main import app

DATASET = "bikes"
COUNTER = "100003096-353242251"
DAY = date(2024, 5, 14)
HEADER = (
    "Identifiant du compteur;Nom du compteur;Identifiant du site de comptage;"
    "Nom du site de comptage;Comptage horaire;Date et heure de comptage;Coordonnées géographiques"
)


@pytest.fixture
def bikes(house: House) -> House:
    house.dataset = DATASET
    return house


def line(counter: str, start: datetime, bikes: object, name: str = "97 avenue S-N") -> str:
    text = "" if bikes is None else str(bikes)
    site = counter.partition("-")[0]
    return f"{counter};{name};{site};97 avenue;{text};{start.isoformat()};48.83504,2.33314"


def starts(day: date) -> list[datetime]:
    return [end - timedelta(hours=1) for end in hour_ends(day)]


def a_day(day: date, counts: Sequence[object] | object = 10, counter: str = COUNTER) -> str:
    """Lines of one counter for all hours of a day."""
    hours = starts(day)
    each = list(counts) if isinstance(counts, list) else [counts] * len(hours)
    return "\n".join(line(counter, at, n) for at, n in zip(hours, each, strict=False))


def file_of(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


def counter_of(house: House, day: date, counter: str = COUNTER) -> dict[str, Any]:
    (found,) = [row for row in house.table(day, "counters") if row["counter_id"] == counter]
    return found


# Readers

V2 = {
    "id_compteur": COUNTER, "nom_compteur": "28 boulevard Diderot O-E", "sum_counts": 25,
    "date": "2025-11-01T22:00:00+00:00", "coordinates": {"lon": 2.37559, "lat": 48.84613},
    "mois_annee_comptage": "2025-11",
}  # fmt: skip
V1 = {
    "datasetid": "comptage-velo-donnees-compteurs",
    "fields": {
        "coordinates": [48.84613, 2.37559], "counter": "X2H20012081", "id": "100003096",
        "date": "2025-11-01T23:00:00+01:00", "id_compteur": COUNTER, "sum_counts": 25.0,
        "name": "97 avenue Denfert Rochereau", "nom_compteur": "28 boulevard Diderot O-E",
    },
    "geometry": {"type": "Point", "coordinates": [2.33338, 48.83511]},
}  # fmt: skip
FORMS = {
    "answer of the API": json.dumps({"total_count": 1, "results": [V2]}),
    "saved list": json.dumps([V2]),
    "answer of API v1": json.dumps({"nhits": 1, "records": [V1]}),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_json_form_is_read(bikes: House, name: str) -> None:
    bikes.receive(FORMS[name], extension="json", media="json")
    assert bikes.counts()["published"] == 1
    (row,) = bikes.table(date(2025, 11, 1), "clean")
    assert (row["bikes"], row["mode"]) == (25, "bike")
    assert (row["latitude"], row["longitude"]) == (48.84613, 2.37559)
    assert row["hour_start"] == datetime(2025, 11, 1, 22, tzinfo=UTC)
    assert counter_of(bikes, date(2025, 11, 1))["direction"] == "O-E"


def test_labels_and_technical_names_are_one_file(bikes: House) -> None:
    bikes.receive(file_of(a_day(DAY)))
    technical = "id_compteur,nom_compteur,id,name,sum_counts,date,coordinates"
    lines = [
        f'{COUNTER},97 avenue S-N,100003096,97 avenue,10.0,{at.isoformat()},"48.83504, 2.33314"'
        for at in starts(DAY)
    ]
    bikes.receive("\r\n".join(["\ufeff" + technical, *lines]))
    counts = bikes.counts()
    assert (counts["rows_in"], counts["published"], counts["duplicates"]) == (48, 24, 24)
    assert bikes.summary(DAY)["quality"]["conflicts"] == 0


BROKEN = {
    "bad_time": line(COUNTER, starts(DAY)[0], 1).replace("2024-05", "soon"),
    "not_on_the_hour": line(COUNTER, starts(DAY)[0] + timedelta(minutes=15), 1),
    "negative_count": line(COUNTER, starts(DAY)[0], -1),
    "fractional_count": line(COUNTER, starts(DAY)[0], 1.5),
    "bad_count": line(COUNTER, starts(DAY)[0], "many"),
    "implausible_count": line(COUNTER, starts(DAY)[0], "9e18"),
    "bad_counter": line("", starts(DAY)[0], 1),
    "year_out_of_range": line(COUNTER, datetime(1970, 1, 1, tzinfo=UTC), 1),
    "no_such_local_hour": line(COUNTER, datetime(2025, 3, 30, 2), 1),
    "cell_count": line(COUNTER, starts(DAY)[0], 1) + ";one;more",
}


def test_what_breaks_the_contract_is_kept_with_its_reason(bikes: House) -> None:
    bikes.receive(file_of(a_day(DAY), *BROKEN.values()))
    counts = bikes.counts()
    assert counts["rejected_by_reason"] == dict.fromkeys(sorted(BROKEN), 1)
    assert counts["rows_in"] == counts["published"] + counts["rejected"] == 24 + len(BROKEN)
    kept = {row["reason"]: row for row in bikes.rejects()}
    for at, (reason, text) in enumerate(BROKEN.items(), 26):
        assert (kept[reason]["row"], kept[reason]["raw_text"]) == (at, text)


# The real files


def test_the_real_files_row_by_row(bikes: House, real_data: Path) -> None:
    folder = real_data / "bikes"
    counts = folder / "comptage-velo-donnees-compteurs_2021-09-01_1compteur.csv"
    bikes.receive_file(counts)
    bikes.receive_file(folder / "comptage-velo-compteurs_2023-07_relabelled.csv")
    bikes.receive_file(real_data / "arrondissements" / "arrondissements.geojson", "arrondissements")
    printed = bikes.counts()
    assert (printed["rows_in"], printed["published"], printed["files"]) == (129, 129, 2)
    day = date(2021, 9, 1)
    (expected,) = rows_of(counts.read_text("utf-8-sig")).values()
    clean = {(r["counter_id"], r["hour_start"]): r["bikes"] for r in bikes.table(day, "clean")}
    assert clean == expected
    totals = bikes.summary(day)["totals"]
    assert (totals["bikes"], totals["hours"], totals["expected_hours"]) == (1580, 21, 24)
    assert counter_of(bikes, day)["arrondissement"] == "14"
    assert counter_of(bikes, day)["status"] == "partial"


@pytest.fixture(scope="module")
def weeks(real_data: Path) -> Iterator[tuple[House, Slow]]:
    """Seven weeks of real counts of five counters, with an autumn change of clocks, a fault each:
    zeros, a spike, an outage, a suspect day; and ten days of the next spring with its change."""
    name = "calibration_hourly-counts_56compteurs_2020-09_2021-08.parquet"
    frame = pl.read_parquet(real_data / "bikes" / name).cast({"counter_id": pl.String})
    chosen = frame["counter_id"].unique().sort().head(5).to_list()
    spans = ((datetime(2020, 9, 14), 44), (datetime(2021, 3, 20), 10))
    part = frame.filter(
        pl.col("counter_id").is_in(chosen),
        pl.any_horizontal(
            pl.col("date").is_between(first, first + timedelta(days=days), closed="left")
            for first, days in spans
        ),
    ).unique(["counter_id", "date"], keep="first", maintain_order=True)
    lines = [
        line(counter, at.replace(tzinfo=UTC), _faulty(chosen.index(counter), at, int(bikes)))
        for counter, at, bikes in part.select("counter_id", "date", "bike_count").iter_rows()
        if not (counter == chosen[3] and at.date() in (date(2020, 10, 20), date(2020, 10, 21)))
    ]
    text = file_of(*lines)
    with a_house(DATASET) as house:
        house.receive(text)
        house.process()
        yield house, Slow(rows_of(text))


def _faulty(counter: int, at: datetime, bikes: int) -> int | None:
    stuck = datetime(2020, 10, 13, 8) <= at < datetime(2020, 10, 15, 14)
    if counter == 0 and stuck:
        return 0
    if counter == 1 and at == datetime(2020, 10, 22, 9):
        return bikes * 9 + 900
    if counter == 2 and at.date() == date(2020, 10, 16):
        return bikes // 10
    silent = datetime(2020, 10, 23, 22) <= at < datetime(2020, 10, 24, 22)
    return None if counter == 1 and silent else bikes


def near(found: float | None, expected: float | None) -> bool:
    """Both null, or the same to 1e-9."""
    if found is None or expected is None:
        return found is expected
    return found == pytest.approx(expected, rel=1e-9)


def test_hours_agree_with_a_slow_computation(weeks: tuple[House, Slow]) -> None:
    house, slow = weeks
    compared = 0
    for day, hours in slow.hours.items():
        rows = {(r["counter_id"], r["hour_start"]): r for r in house.table(day, "counter_hours")}
        assert rows.keys() == hours.keys()
        for key, value in hours.items():
            row = rows[key]
            assert (row["bikes"], row["hour_of_day"]) == (value["bikes"], value["hour"])
            assert row["typical_bikes"] == value["typical"]
            assert near(row["deviation"], value["deviation"])
            assert bool(row["is_spike"]) == value["spike"]
            compared += value["typical"] is not None
    assert compared > 1000


def test_counters_agree_with_a_slow_computation(weeks: tuple[House, Slow]) -> None:
    house, slow = weeks
    seen = set()
    for day, counters in slow.counters.items():
        rows = {row["counter_id"]: row for row in house.table(day, "counters")}
        assert rows.keys() == counters.keys()
        assert house.summary(day)["baseline"] == slow.baseline[day]
        for counter, value in counters.items():
            row = rows[counter]
            for name in (
                "bikes", "hours", "expected_hours", "typical_bikes", "status", "outage_days",
                "zero_run_hours", "spike_hours",
            ):  # fmt: skip
                assert row[name] == value[name], (day, counter, name)
            assert near(row["ratio"], value["ratio"])
            assert row["zero_tail_hours"] == value["tail"]
            assert row["reasons"] == "; ".join(value["reasons"])
            seen.add(value["status"])
    assert {"good", "stuck_zero", "spike", "no_rows", "silent", "suspect"} <= seen
    for day, length in ((date(2020, 10, 25), 25), (date(2021, 3, 28), 23)):
        assert {one["expected_hours"] for one in slow.counters[day].values()} == {length}
    assert set(slow.baseline.values()) == {"none", "group", "day_type"}


def test_sums_agree_on_every_level(weeks: tuple[House, Slow]) -> None:
    house, slow = weeks
    for day in list(slow.days)[::9]:
        summary, counters = house.summary(day), slow.counters[day].values()
        bikes = sum(c["bikes"] or 0 for c in counters)
        assert summary["totals"]["bikes"] == bikes
        for name in ("sites", "directions", "zones", "hours"):
            rows = house.table(day, name)
            assert sum(row["bikes"] or 0 for row in rows) == bikes
            assert (
                sum(row["expected_hours"] for row in rows)
                == len(counters) * summary["hours_in_day"]
            )
        known = [c for c in counters if c["typical_bikes"] is not None]
        typical = sum(c["typical_bikes"] for c in known) if known else None
        assert summary["totals"]["typical_bikes"] == typical


# Days


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25)])
def test_days_on_which_clocks_change(bikes: House, day: date, hours: int) -> None:
    bikes.receive(file_of(a_day(day)))
    assert bikes.counts()["published"] == hours
    summary = bikes.summary(day)
    assert (summary["hours_in_day"], summary["totals"]["coverage"]) == (hours, 1.0)
    local = [row["hour_of_day"] for row in summary["hourly"]]
    assert local.count(2) == {23: 0, 25: 2}[hours]


def test_a_day_without_data_says_so(bikes: House) -> None:
    bikes.receive(file_of(a_day(DAY), a_day(DAY + timedelta(days=2))))
    counts = bikes.counts()
    assert (counts["days"], counts["days_without_data"]) == (3, 1)
    between = bikes.summary(DAY + timedelta(days=1))
    assert between["status"] == "no_data"
    assert between["totals"]["bikes"] is None
    assert between["totals"]["counters"] == 1
    assert counter_of(bikes, DAY + timedelta(days=1))["outage_days"] == 1


def test_an_unreadable_file_leaves_days_without_rows_alone(bikes: House) -> None:
    bikes.receive(file_of(a_day(DAY), a_day(DAY + timedelta(days=2))))
    bikes.receive("id_compteur;sum_counts;date\nx;1\n")
    counts = bikes.counts()
    assert counts["days"] == 2
    assert "not one usable row" in counts["unreadable"][0]


def test_the_later_receipt_wins_whole(bikes: House) -> None:
    bikes.receive(file_of(a_day(DAY, [10] * 24)))
    bikes.receive(file_of(a_day(DAY, [12] * 23 + [None])))
    counts = bikes.counts()
    assert (counts["published"], counts["duplicates"]) == (24, 24)
    quality = bikes.summary(DAY)["quality"]
    assert (quality["conflicts"], quality["withdrawn_values"]) == (24, 1)
    assert counter_of(bikes, DAY)["bikes"] == 12 * 23
    assert bikes.check(DAY, "duplicates")[0] == "yellow"


def test_a_thinner_version_does_not_replace_a_fuller_one(bikes: House) -> None:
    bikes.receive(file_of(a_day(DAY)))
    bikes.counts()
    kept = bikes.edition(DAY)
    bikes.receive(file_of(a_day(DAY, [None] * 24)))
    assert bikes.counts()["editions"] == {"new": 0, "unchanged": 0, "red": 1}
    assert bikes.edition(DAY) == kept
    assert bikes.check(DAY, "volume")[0] == "red"


def test_lost_parts_of_the_cache_are_made_anew(bikes: House) -> None:
    bikes.receive(file_of(a_day(DAY)))
    bikes.counts()
    kept = bikes.published()
    for info in list(bikes.store.objects.list("parts/bikes/")):
        bikes.store.objects.delete(info.key)
    assert bikes.counts()["editions"] == {"new": 0, "unchanged": 1, "red": 0}
    assert bikes.published() == kept


def test_modes_are_kept_apart(bikes: House) -> None:
    header = f"{HEADER};mode"
    lines = [f"{line(COUNTER, starts(DAY)[0], n)};{m}" for n, m in ((9, "bike"), (4, "scooter"))]
    bikes.receive("\n".join([header, *lines]))
    assert bikes.counts()["published"] == 2
    found = {row["mode"]: row["bikes"] for row in bikes.table(DAY, "counters")}
    assert found == {"bike": 9, "scooter": 4}


# Properties

ROWS = st.lists(
    st.tuples(
        st.sampled_from([COUNTER, "2-1"]),
        st.integers(0, 30),
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=6, deadline=None)
@given(rows=ROWS, data=st.data())
def test_any_order_gives_the_same_bytes_and_every_row_is_counted(
    rows: list[tuple[str, int, int | None]], data: st.DataObject
) -> None:
    lines = [line(c, starts(DAY)[0] + timedelta(hours=h), n) for c, h, n in rows]
    shuffled = data.draw(st.permutations(lines))
    published = []
    for order in (lines, shuffled):
        with a_house(DATASET) as house:
            house.receive(file_of(*order))
            counts = house.counts()
            assert counts["rows_in"] == counts["published"] + counts["duplicates"] == len(rows)
            published.append(house.published())
            assert house.counts()["editions"]["new"] == 0
    assert published[0] == published[1]


# The command


def test_all_datasets_at_once_or_one(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house.receive(file_of(a_day(DAY)), DATASET)
    monkeypatch.setenv("OUTPUT_DIR", str(house.folder))

    def printed(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as end:
            app([*arguments, "--json"])
        assert end.value.code == 0
        return json.loads(capsys.readouterr().out)["datasets"]

    every = printed("backfill")
    assert list(every) == ["comptages", "roads_analysis", "bikes", "across"]
    assert (every["comptages"]["days"], every["bikes"]["published"]) == (0, 24)
    one = printed("run", "--dataset", "bikes", "--date", str(DAY + timedelta(days=1)))
    assert list(one) == ["bikes"]
    assert (one["bikes"]["days_without_data"], one["bikes"]["files"]) == (1, 0)
