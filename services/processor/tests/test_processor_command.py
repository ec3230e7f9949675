"""The command as a user or a scheduler runs it: exit codes, what is printed where, which days."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from processor_house import COLUMNS, Ended, House, gzipped, row, stamps, text_of, zipped

from cityflow_processor.datasets import DERIVED, NAMES
from cityflow_processor.days import DATASET
from cityflow_processor.modules import MODULES

Command = Callable[..., Ended]
ZipBuilder = Callable[[dict[str, bytes]], bytes]
DAY = date(2025, 3, 5)
NEXT = DAY + timedelta(days=1)
WEEKLY = (*COLUMNS[:3], "q", "k", "etat_trafic", "etat_barre", "dessin")
TECHNICAL = {name: name for name in WEEKLY}
KEYS = {
    "rows_in", "published", "rejected", "duplicates", "out_of_range", "days", "days_without_data",
    "first_day", "last_day", "editions", "files", "rejected_by_reason", "red", "unreadable",
}  # fmt: skip


def rows_of(day: date, hours: int = 4, **values: str | None) -> list[dict[str, str | None]]:
    return [row(t_1h=stamp, **values) for stamp in stamps(day, *range(hours))]


def test_a_result_for_people_and_one_for_programs(house: House, command: Command) -> None:
    house.receive(text_of([*rows_of(DAY), *rows_of(DAY, 1), row(t_1h="soon")]))
    shown = command("backfill")
    assert shown.code == 0
    for words in ("comptages: 2025-03-05 to 2025-03-05", "rejected: bad_time", "editions new"):
        assert words in shown.out
    printed = command("backfill", "--json")
    document = json.loads(printed.out)
    assert printed.out == json.dumps(document, indent=2) + "\n"
    assert list(document) == ["datasets"] and list(document["datasets"]) == [
        "comptages",
        "roads_analysis",
    ]
    assert printed.counts == {
        "rows_in": 6, "published": 4, "rejected": 1, "duplicates": 1, "out_of_range": 0,
        "days": 1, "days_without_data": 0, "first_day": "2025-03-05", "last_day": "2025-03-05",
        "editions": {"new": 0, "unchanged": 1, "red": 0}, "files": 1,
        "rejected_by_reason": {"bad_time": 1}, "red": [], "unreadable": [],
    }  # fmt: skip
    assert printed.counts.keys() == KEYS


def test_every_dataset_has_its_name() -> None:
    assert sorted(NAMES) == sorted((DATASET, *DERIVED, *MODULES))


def test_nothing_ingested_is_no_error(command: Command) -> None:
    ended = command("backfill", "--json")
    assert (ended.code, ended.counts["days"], ended.counts["first_day"]) == (0, 0, None)
    assert command("backfill").code == 0


def test_run_is_of_one_day_and_counts_the_rest_as_out_of_range(
    house: House, command: Command
) -> None:
    house.receive(text_of([*rows_of(DAY), *rows_of(NEXT, 3), row(t_1h="soon")]))
    house.receive(text_of(rows_of(date(2024, 1, 1))))
    ended = command("run", "--date", DAY, "--json")
    assert ended.code == 0
    counts = ended.counts
    assert (counts["files"], counts["rows_in"], counts["published"]) == (1, 8, 4)
    assert (counts["rejected"], counts["out_of_range"], counts["days"]) == (1, 3, 1)
    assert list(house.pointers()) == [DAY]


def test_a_day_that_is_not_covered_is_published_as_such(house: House, command: Command) -> None:
    house.receive(text_of(rows_of(DAY)))
    ended = command("run", "--date", "2024-02-29", "--json")
    assert ended.code == 0
    counts = ended.counts
    assert (counts["days"], counts["days_without_data"], counts["files"]) == (1, 1, 0)
    assert counts["rows_in"] == counts["out_of_range"] == 0
    assert house.summary(date(2024, 2, 29))["status"] == "no_data"


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ((), (0, 1, 2, 3)),
        (("--from", 1), (1, 2, 3)),
        (("--to", 2), (0, 1, 2)),
        (("--from", 1, "--to", 2), (1, 2)),
        (("--from", -2, "--to", 1), (-2, -1, 0, 1)),
        (("--from", 2, "--to", 5), (2, 3, 4, 5)),
        (("--from", 40, "--to", 40), (40,)),
        (("--from", 40), ()),
        (("--to", -1), ()),
    ],
)
def test_which_days_are_processed(
    house: House, command: Command, options: tuple[str | int, ...], days: tuple[int, ...]
) -> None:
    house.receive(text_of([*rows_of(DAY), *rows_of(DAY + timedelta(days=3))]))
    arguments = [
        DAY + timedelta(days=option) if isinstance(option, int) else option for option in options
    ]
    ended = command("backfill", "--dataset", "comptages", *arguments, "--json")
    assert ended.code == 0
    assert list(house.pointers()) == [DAY + timedelta(days=n) for n in days]
    counts = ended.counts
    assert counts["rows_in"] == counts["published"] + counts["out_of_range"]
    assert counts["published"] == 4 * len({0, 3} & set(days))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "--date"),
        (("run", "--date", "yesterday"), "'yesterday' is not a day; expected YYYY-MM-DD"),
        (("run", "--date", "2025-02-29"), "2025-02-29"),
        (("run", "--date", "20250305"), "expected YYYY-MM-DD"),
        (("run", "--date", "2025-W10-3"), "expected YYYY-MM-DD"),
        (("run", "--date", "2025-03-05", "--dataset", "roads"), "'roads'"),
        (("run", "--date", "2025-03-05", "--dataset", "calendar"), "'calendar'"),
        (("backfill", "--from", "2025-03-06", "--to", "2025-03-05"), "earlier day first"),
        (("backfill", "--from", "soon"), "'soon'"),
        (("backfill", "--since", "2025-03-05"), "--since"),
        (("process",), "process"),
    ],
)
def test_wrong_arguments_are_exit_2_and_one_line(
    house: House, command: Command, arguments: tuple[str, ...], words: str
) -> None:
    ended = command(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not house.pointers()


def test_a_red_day_is_exit_4_with_the_others_published(house: House, command: Command) -> None:
    house.receive(text_of([*rows_of(DAY, 24, q="-1"), *rows_of(NEXT)]))
    ended = command("backfill", "--json")
    assert ended.code == 4
    assert ended.counts["editions"] == {"new": 1, "unchanged": 0, "red": 1}
    assert "2025-03-05" in ended.err.splitlines()[-1]
    assert list(house.pointers()) == [NEXT]


@pytest.mark.parametrize(
    ("content", "known", "words"),
    [
        (gzipped("iu_ac;t_1h;q;k\n" * 99)[:-9], {"packing": "gzip"}, "truncated"),
        (b"\x1f\x8b not gzip at all", {"packing": "gzip"}, "damaged"),
        (b"PK\x03\x04 not an archive", {"packing": "zip"}, "zip"),
        ("iu_ac;t_1h;q\n4264;2025-03-05 05:00:00;1\n", {}, "no column k"),
        ("iu_ac;t_1h;q;k;Débit horaire\n4264;2025-03-05 05:00:00;1;2;3\n", {}, "one column q"),
        ("", {}, "empty"),
        ("\x00\x01\x02", {}, "NUL"),
        ('[{"iu_ac": "4264", "t_1h": "2025-03-05 05:00:00", "q": 1', {"media": "json"}, "JSON"),
        ("iu_ac;t_1h;q;k\n" + "x" * (2 << 20), {}, "line longer than"),
    ],
)
def test_a_file_that_cannot_be_read_is_exit_3_and_stops_no_other(
    house: House, command: Command, content: str | bytes, known: dict[str, str], words: str
) -> None:
    house.receive(content, **known)
    house.receive(text_of(rows_of(DAY)))
    ended = command("backfill", "--json")
    assert ended.code == 3
    (unread,) = ended.counts["unreadable"]
    assert words in unread and "raw/comptages/" in unread
    assert (ended.counts["published"], ended.counts["rows_in"]) == (4, 4)
    assert list(house.pointers()) == [DAY]
    assert ended.err.splitlines()[-1].startswith("error: 1 raw file")


@pytest.mark.parametrize(
    ("dataset", "content"),
    [
        ("arrondissements", '{"features": []}'),
        ("arrondissements", '{"features": [{"properties": {"c_ar": 1}, "geometry": null}]}'),
        ("arrondissements", '{"features": [{"properties": {"c_ar": 1}, "geometry": '
         '{"type": "Polygon", "coordinates": [[[2, 148], [3, 48], [3, 49], [2, 148]]]}}]}'),
        ("referentiel", "a;b\n1;2\n"),
        ("referentiel", ""),
    ],
)  # fmt: skip
def test_a_reference_that_cannot_be_read_is_exit_3_and_stops_no_day(
    house: House, command: Command, dataset: str, content: str
) -> None:
    media = "geojson" if dataset == "arrondissements" else "csv"
    house.receive(content, dataset, media=media)
    house.receive(text_of(rows_of(DAY)))
    ended = command("backfill", "--json")
    assert ended.code == 3
    assert f"raw/{dataset}/" in ended.counts["unreadable"][0]
    assert house.summary(DAY)["status"] == "published"


def test_a_store_that_cannot_be_opened_is_exit_5(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in (("a file", b""), ("broken", None)):
        place = tmp_path / name
        if content is None:
            place.mkdir()
            (place / "cityflow.db").write_bytes(b"no database " * 1000)
        else:
            place.write_bytes(content)
        monkeypatch.setenv("OUTPUT_DIR", str(place))
        ended = command("run", "--date", DAY)
        assert (ended.code, ended.out) == (5, "")
        assert ended.err.splitlines()[-1].startswith("error: ")


def test_results_alone_on_standard_output_of_the_real_process(house: House) -> None:
    house.receive(text_of(rows_of(DAY)))
    ended = subprocess.run(
        [Path(sys.executable).parent / "cityflow-processor", "backfill", "--json"],
        env={"PATH": os.environ["PATH"], "OUTPUT_DIR": str(house.folder), "LOG_LEVEL": "DEBUG"},
        cwd=house.folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["datasets"]["comptages"]["editions"]["new"] == 1


# Archives as the city publishes them


def weeks() -> dict[str, bytes]:
    """Two weekly files of a yearly archive, the second with its columns in another order."""
    local = [one | {"etat_trafic": "1", "etat_barre": "3", "dessin": "x"} for one in rows_of(DAY)]
    first = text_of([*local, row(t_1h="2025-03-05 06:30:00", q="1")], WEEKLY, TECHNICAL)
    later = [one | {"etat_trafic": "1", "etat_barre": "3"} for one in rows_of(NEXT)]
    second = text_of([*later, row(t_1h="soon")], tuple(reversed(WEEKLY)), TECHNICAL, ";", "\r\n")
    return {"trafic_2025_W10.txt": first.encode(), "trafic_2025_W11.txt": second.encode()}


@pytest.mark.parametrize("method", ["deflate", "deflate64"])
@pytest.mark.parametrize("chunk_rows", [1, None])
def test_weekly_files_of_a_yearly_archive(
    house: House, deflate64_zip: ZipBuilder, method: str, chunk_rows: int | None
) -> None:
    build = zipped if method == "deflate" else deflate64_zip
    house.receive(build(weeks()), packing="zip", extension="csv.zip")
    counts = house.counts(chunk_rows=chunk_rows)
    assert (counts["rows_in"], counts["published"], counts["rejected"]) == (10, 8, 2)
    assert list(house.pointers()) == [DAY, NEXT]
    assert [(one["member"], one["row"], one["reason"]) for one in house.rejects()] == [
        ("trafic_2025_W10.txt", 6, "not_on_the_hour"),
        ("trafic_2025_W11.txt", 6, "bad_time"),
    ]
    assert {one["arc_status"] for one in house.table(DAY, "clean")} == {"invalid"}


def test_a_broken_member_leaves_the_whole_archive_unread(house: House, command: Command) -> None:
    members = weeks() | {"W12.txt": b"what;is;this\n1;2;3\n"}
    house.receive(zipped(members), packing="zip", extension="csv.zip")
    ended = command("backfill", "--json")
    assert ended.code == 3
    assert "W12.txt" in ended.counts["unreadable"][0]
    assert ended.counts["published"] == 0
    assert not house.pointers()
