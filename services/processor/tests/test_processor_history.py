"""Completed months: made of the editions of their days, and of nothing else."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from processor_house import DATASET, House, open_house

from cityflow.contracts import MonthHistory, history_of
from cityflow.storage import DocumentId, Editions, layout
from cityflow_processor.history import compact

HEADER = "iu_ac;t_1h;q;k;etat_trafic;etat_barre\n"
MARCH, APRIL = date(2025, 3, 1), date(2025, 4, 1)
NAME = history_of(DATASET)


def rows(*days: date, arcs: tuple[str, ...] = ("7", "12"), flow: int = 100) -> str:
    """Two hours of each arc on each day."""
    lines = [
        f"{arc};{day}T{hour:02d}:00:00+00:00;{flow + day.day};5.5;Fluide;Ouvert\n"
        for day in days
        for arc in arcs
        for hour in (10, 11)
    ]
    return HEADER + "".join(lines)


def current(house: House, month: date) -> MonthHistory | None:
    pointer = Editions(house.store).current(NAME, month)
    if pointer is None:
        return None
    body = Editions(house.store).document(NAME, month, pointer.edition)
    return MonthHistory.model_validate(body)


@pytest.fixture
def city(house: House) -> House:
    """March and April, two days each with data and short gaps between."""
    house.receive(rows(date(2025, 3, 29), date(2025, 3, 31), date(2025, 4, 2)))
    house.process()
    return house


def test_a_month_is_the_table_of_its_days_by_arc(city: House) -> None:
    month = current(city, MARCH)
    assert month is not None
    expected = [
        {name: value for name, value in row.items() if name != "geometry"} | {"day": day}
        for day in (date(2025, 3, 29), date(2025, 3, 31))
        for row in city.table(day, "arcs")
    ]
    assert city.rows(month.table) == sorted(expected, key=lambda row: (row["arc_id"], row["day"]))
    assert month.inputs == {
        str(day): edition for day, edition in city.editions().items() if day.month == 3
    }
    assert month.inputs.keys() == {"2025-03-29", "2025-03-30", "2025-03-31"}
    assert (month.rows, month.dataset, month.month) == (4, DATASET, MARCH)
    summary = city.summary(date(2025, 3, 29))
    credits = [summary["attribution"], *summary["context_attributions"]]
    assert [one.model_dump() for one in month.attributions] == credits


def test_a_run_brings_up_to_date_the_months_it_touched(city: House) -> None:
    before = current(city, MARCH), current(city, APRIL)
    city.receive(rows(date(2025, 3, 29), flow=500))
    city.process(date(2025, 3, 29), date(2025, 3, 29))
    after = current(city, MARCH), current(city, APRIL)
    assert after[1] == before[1]
    assert before[0] is not None
    assert after[0] is not None
    assert after[0].edition != before[0].edition
    assert after[0].inputs["2025-03-29"] == city.edition(date(2025, 3, 29))
    assert city.store.objects.size(before[0].table) is not None


def test_compacted_again_nothing_is_new(city: House) -> None:
    before = city.published()
    assert [one.outcome for one in compact(city.store, DATASET)] == ["unchanged", "unchanged"]
    city.process()
    assert city.published() == before
    assert len(list(city.store.objects.list(f"metrics/{DATASET}/history/"))) == 2


def test_the_bytes_follow_from_the_days_alone(city: House, tmp_path: Path) -> None:
    """Whatever the order of files, days and compactions."""
    other = open_house(tmp_path / "other")
    with other.store:
        for day in (date(2025, 4, 2), date(2025, 3, 31), date(2025, 3, 29)):
            other.receive(rows(day, arcs=("12", "7")))
            other.process(day, day)
        other.process()
        for month in (MARCH, APRIL):
            one, two = current(city, month), current(other, month)
            assert one is not None
            assert one == two
            assert city.objects(one.table) == other.objects(one.table)


def test_this_month_stays_loose(house: House) -> None:
    house.receive(rows(date(2025, 3, 31)))
    for last_moment in (
        datetime(2025, 3, 31, 21, 59, tzinfo=UTC),
        datetime(2025, 3, 1, 12, tzinfo=UTC),
    ):
        house.process()
        clear(house)
        assert compact(house.store, DATASET, now=last_moment) == []
    (done,) = compact(house.store, DATASET, now=datetime(2025, 3, 31, 22, 0, tzinfo=UTC))
    assert (done.month, done.outcome, done.days) == (MARCH, "new", 1)


def clear(house: House) -> None:
    for type in (f"pointer/{NAME}", f"edition/{NAME}"):
        for document in house.store.documents.query(type).items:
            house.store.documents.delete(document.id)


def test_only_the_months_asked_for(city: House) -> None:
    clear(city)
    (done,) = compact(city.store, DATASET, [date(2025, 4, 30)])
    assert done.month == APRIL
    assert current(city, MARCH) is None


def test_a_lost_object_of_a_month_comes_back(city: House) -> None:
    month = current(city, MARCH)
    assert month is not None
    data = city.objects(month.table)
    city.store.objects.delete(month.table)
    assert [one.outcome for one in compact(city.store, DATASET)] == ["unchanged", "unchanged"]
    assert city.objects(month.table) == data


def test_a_lost_document_of_a_month_comes_back(city: House) -> None:
    month = current(city, MARCH)
    assert month is not None
    city.store.documents.delete(DocumentId(f"edition/{NAME}", MARCH, month.edition))
    compact(city.store, DATASET)
    assert current(city, MARCH) == month


def test_a_month_of_a_lost_table_fails_alone(
    city: House, command: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    day = date(2025, 3, 29)
    clear(city)
    city.store.objects.delete(layout.table(DATASET, day, city.edition(day), "arcs"))
    done = compact(city.store, DATASET)
    assert [one.outcome for one in done] == ["failed", "new"]
    ended = command("compact", "--month", "2025-03", "--json")
    assert ended.code == 5
    assert f"dt={day}" in ended.err
    assert "process its day again" in ended.err
    (month,) = json.loads(ended.out)["months"]
    assert (month["month"], month["outcome"]) == ("2025-03", "failed")
    assert command("run", "--date", day).code == 0
    assert current(city, MARCH) is not None


def test_the_command_lists_the_months(city: House, command: Callable[..., Any]) -> None:
    ended = command("compact")
    assert ended.code == 0
    assert [line.split("│")[1:3] for line in ended.out.splitlines() if "2025-0" in line] == [
        [" 2025-03 ", " unchanged "],
        [" 2025-04 ", " unchanged "],
    ]
    assert command("compact", "--month", "2025-13").code == 2
    assert command("compact", "--dataset", "x").code == 2


def test_the_rows_stand_in_small_groups(house: House, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    arcs = tuple(str(number) for number in range(5000))
    house.receive(rows(date(2025, 3, 1), date(2025, 3, 2), arcs=arcs))
    house.process()
    month = current(house, MARCH)
    assert month is not None
    file = tmp_path / "month.parquet"
    file.write_bytes(house.store.objects.read(month.table))
    groups = [pq.read_metadata(file).row_group(n) for n in range(3)]
    assert [group.num_rows for group in groups] == [4096, 4096, 1808]
    bounds = [(g.column(0).statistics.min, g.column(0).statistics.max) for g in groups]
    assert bounds == sorted(bounds)
    assert pl.read_parquet(file)["arc_id"].is_sorted()
