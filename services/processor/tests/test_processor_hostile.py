"""Files and caches that would break the processor are refused in words, whatever the chunks."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from processor_house import House

from cityflow.errors import TryAgain
from cityflow.storage import layout

HEADER = "iu_ac;libelle;t_1h;q;k;etat_trafic;etat_barre;geo_shape\n"
RECORD = {"iu_ac": "1", "t_1h": "2024-12-09T05:00:00+01:00", "q": 1.0, "k": 2.0}


def row(arc: int, label: str = "Rivoli", shape: str = "") -> str:
    return f"{arc};{label};2024-12-09T05:00:00+01:00;199.0;2.2;Fluide;Invalide;{shape}\n"


def refusal(house: House, content: str | bytes, chunk_rows: int = 100_000, **known: str) -> str:
    house.receive(content, **known)
    result = house.process(chunk_rows=chunk_rows)
    assert not house.pointers()
    (said,) = result.unreadable
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("before", "chunk_rows"),
    [(0, 1), (0, 100_000), (1, 1), (1, 3), (9000, 1000), (9000, 8999), (9000, 100_000)],
)
def test_a_long_line_is_refused_wherever_the_cuts_fall(
    house: House, before: int, chunk_rows: int
) -> None:
    lines = [row(arc) for arc in range(before)]
    content = "".join([HEADER, *lines, row(7, label="A" * 1_100_000), *lines])
    assert "a line longer than 1,048,576 bytes" in refusal(house, content, chunk_rows)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[" * 5000, "nested more than 32 deep"),
        ('{"results":' + '{"a":' * 5000, "nested more than 32 deep"),
        (json.dumps([RECORD | {"libelle": "A" * 2_000_000}]), "no JSON record ends within"),
        (json.dumps([RECORD])[:-9], "the JSON text is broken: parse error: premature EOF; fetch"),
        ('[{"q":NaN}]', "the JSON text is broken"),
    ],
)
def test_hostile_json_is_refused(house: House, content: str, says: str) -> None:
    assert says in refusal(house, content, media="json", extension="json")


@pytest.mark.parametrize("chunk_rows", [1, 2, 3, 100_000])
@pytest.mark.parametrize(
    ("items", "rejects"),
    [
        ([RECORD, {"iu_ac": "2", "t_1h": RECORD["t_1h"]}], []),
        (
            [{"fields": RECORD}, {"fields": [1]}, {"fields": "x"}],
            [(2, "missing_arc", '{"fields": [1]}'), (3, "missing_arc", '{"fields": "x"}')],
        ),
        (
            [3, RECORD, None, [[RECORD]], "é", False, RECORD | {"iu_ac": "2"}, 1.5],
            [
                (1, "not_an_object", "3"),
                (3, "not_an_object", "null"),
                (4, "not_an_object", json.dumps([[RECORD]])),
                (5, "not_an_object", '"é"'),
                (6, "not_an_object", "false"),
                (8, "not_an_object", "1.5"),
            ],
        ),
    ],
)
@pytest.mark.parametrize("member", [None, "results", "records"])
def test_odd_items_of_a_list_are_rejects_and_cost_their_neighbours_nothing(
    house: House,
    items: list[object],
    rejects: list[tuple[int, str, str]],
    member: str | None,
    chunk_rows: int,
) -> None:
    document = {"item": RECORD, member: items} if member else items
    house.receive(json.dumps(document), media="json", extension="json")
    counts = house.counts(chunk_rows=chunk_rows)
    assert counts["rows_in"] == len(items) == counts["published"] + counts["rejected"]
    found = [(r["row"], r["reason"], r["raw_text"]) for r in house.rejects()]
    assert sorted(found) == rejects


def test_a_list_without_an_object_is_no_road_counts(house: House) -> None:
    said = refusal(house, "[1, 2, null]", media="json", extension="json")
    assert "not one of its 3 rows can be read" in said


@pytest.mark.parametrize(
    "shape",
    [
        "[" * 100_000,
        '"{""type"":""LineString"",""coordinates"":[[2,91],[2,48]]}"',
        '"{""type"":""LineString"",""coordinates"":[[2,48,NaN],[2,48,1]]}"',
        '"{""type"":""LineString"",""coordinates"":[[2,48],[2,48,1]]}"',
        '"{""type"":""LineString"",""coordinates"":[[true,48],[2,48]]}"',
    ],
)
def test_an_unusable_geometry_is_none(house: House, shape: str) -> None:
    house.receive(HEADER + row(1, shape=shape))
    assert house.counts()["published"] == 1
    ((day, _),) = house.pointers().items()
    (arc,) = house.table(day, "arcs")
    assert arc["length_m"] is None


def test_a_label_as_large_as_a_document_is_cut(house: House) -> None:
    house.receive(HEADER + "".join(row(arc, label="A" * 400_000) for arc in range(3)))
    assert house.counts()["published"] == 3
    ((day, _),) = house.pointers().items()
    assert {len(arc["label"]) for arc in house.table(day, "arcs")} == {500}


def test_a_file_without_one_readable_row_is_named(house: House) -> None:
    said = refusal(house, HEADER + row(1).replace(";", ",") * 9)
    assert "not one of its 9 rows can be read" in said
    assert len(house.rejects()) == 9


def test_a_file_of_mostly_unreadable_rows_is_refused_early(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityflow_processor.reading.split.MOST_UNDATED_BYTES", 10_000)
    content = HEADER + row(1) + "garbage\n" * 100
    assert "100 of its rows cannot be read" in refusal(house, content)


def test_a_raw_file_that_lost_bytes_is_named(house: House) -> None:
    house.receive(HEADER + row(1) * 9)
    (raw,) = [info.key for info in house.store.objects.list("raw/") if info.key.endswith("csv")]
    house.store.objects.put(raw, house.store.objects.read(raw)[:-50])
    (said,) = house.process().unreadable
    assert said.startswith(f"{raw}: holds ")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


FRAMES = "parts/*/files/*.arcs.parquet"


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
@pytest.mark.parametrize("pattern", ["parts/*/dt=*/*", FRAMES])
def test_a_damaged_part_of_the_cache_is_noticed_and_rebuilt(
    house: House, pattern: str, damage: Callable[[Path], None]
) -> None:
    house.receive(HEADER + row(1))
    house.process()
    published = house.published()
    (path,) = house.folder.glob(pattern)
    damage(path)
    if path.exists() or pattern == FRAMES:
        with pytest.raises(TryAgain, match=r"of the parts cache is .*; run the same command again"):
            house.process()
    house.process()  # parts of days that are gone, as after pruning, are made anew at once
    assert house.published() == published


def test_a_manifest_that_was_changed_is_not_believed(house: House) -> None:
    house.receive(HEADER + row(1))
    house.process()
    published = house.published()
    (path,) = house.folder.glob("parts/*/files/*.json")
    path.write_text(path.read_text().replace('"rows_in":1', '"rows_in":2'))
    assert house.counts()["rows_in"] == 1
    assert house.published() == published


def test_a_cut_table_is_replaced_and_an_equal_one_left(house: House) -> None:
    house.receive(HEADER + row(1))
    house.process()
    published = house.published()
    ((day, edition),) = house.editions().items()
    key = layout.table("comptages", day, edition, "arcs")
    house.store.objects.put(key, published[key][:100])
    house.process()
    assert house.published() == published


def test_chunks_that_a_kill_left_go_with_the_next_run(house: House) -> None:
    digest = house.receive(HEADER + row(1))
    house.process()
    left = layout.chunk("comptages", digest, "r1/100000-000", 0)
    other = layout.chunk("comptages", "0" * 64, "r1/100000-000", 0)
    house.store.objects.put(left, b"x")
    house.store.objects.put(other, b"x")
    house.process()
    assert (house.store.objects.size(left), house.store.objects.size(other)) == (None, 1)
