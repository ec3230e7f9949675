"""What is published depends on what was counted: never on order, chunks, files or spelling."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from processor_compare import assert_days
from processor_house import (
    COLUMNS,
    FIRST_RECEIPT,
    ROW,
    a_house,
    gzipped,
    json_of,
    published_of,
    state_text,
    text_of,
    zipped,
)
from processor_slow import Map, days_of
from processor_slow_read import PARIS, hour_end, read

QUICK = settings(max_examples=6, deadline=None)
TECHNICAL = {name: name for name in COLUMNS}
UPPER = {name: name.upper() for name in COLUMNS}
# An ordinary day before the one of 23 hours, and one after that of 25; between them too long a gap.
DAYS = (date(2025, 3, 29), date(2025, 3, 30), date(2025, 10, 26), date(2025, 10, 27))
NOWHERE = Map((), {})
ARCS: dict[str, dict[str, str | None]] = {
    "4264": {"geo_point_2d": ROW["geo_point_2d"], "geo_shape": ROW["geo_shape"]},
    "5671": {
        "geo_point_2d": "48.838634371808965, 2.293205602717535",
        "geo_shape": '{"coordinates": [[2.291878306272707, 48.83923810621147], '
        '[2.2945328991623635, 48.83803063740647]], "type": "LineString"}',
    },
    "9": {"geo_point_2d": None, "geo_shape": None},
}
Rows = list[dict[str, str | None]]

flows = st.none() | st.integers(0, 3000).map(lambda q: f"{q}.0")
occupancies = st.none() | st.sampled_from(
    ("0", "2.2", "14.99999", "15.0", "29.99999", "30.0", "30.00001", "49.99999", "50.0", "100.0")
) | st.integers(0, 10_000_000).map(lambda k: repr(k / 100_000))  # fmt: skip


@st.composite
def a_row(draw: DrawFn, days: Sequence[date] = DAYS) -> dict[str, str | None]:
    """One row; few arcs and hours, so that rows often speak of the same."""
    arc = draw(st.sampled_from(sorted(ARCS)))
    end = datetime.combine(draw(st.sampled_from(days)), datetime.min.time(), UTC)
    end += timedelta(hours=draw(st.integers(0, 22)))
    k = draw(occupancies)
    known = {"iu_ac": arc, "t_1h": end.isoformat(), "q": draw(flows), "k": k}
    return ROW | ARCS[arc] | known | {"etat_trafic": state_text(k)}


@st.composite
def an_odd_row(draw: DrawFn) -> dict[str, str | None]:
    """A row that may be rejected, that contradicts itself, or describes its arc otherwise."""
    one = draw(a_row())
    odd: dict[str, str | None] = draw(
        st.sampled_from(
            (
                {},
                {"libelle": "Convention"},
                {"libelle": 'Quai "bas", n° 1; sud'},
                {"etat_barre": "Ouvert"},
                {"etat_trafic": "Bloqué"},
                {"iu_ac": "*"},
                {"q": "-1.0"},
                {"k": "100.5"},
                {"t_1h": "2025-03-05T05:30:00+01:00"},
                {"t_1h": "soon"},
                {"t_1h": "2025-03-30 02:00:00"},
                {"geo_shape": None},
                {"date_fin": "01/01/2023"},
            )
        )
    )
    return one | odd


def keyed(rows: Rows) -> Rows:
    """The first row of each arc and hour."""
    found: dict[tuple[str | None, str | None], dict[str, str | None]] = {}
    for one in rows:
        found.setdefault((one["iu_ac"], one["t_1h"]), one)
    return list(found.values())


@QUICK
@given(st.lists(an_odd_row(), min_size=1, max_size=40), st.integers(1, 50), st.randoms())
def test_neither_chunks_nor_order_show(rows: Rows, chunk_rows: int, shuffle: random.Random) -> None:
    whole = published_of(text_of(rows))
    assert published_of(text_of(rows), chunk_rows=chunk_rows) == whole
    assert published_of(text_of(rows), chunk_rows=1) == whole
    shuffled = shuffle.sample(rows, len(rows))
    assert published_of(text_of(shuffled), chunk_rows=chunk_rows) == whole


@QUICK
@given(st.lists(an_odd_row(), min_size=1, max_size=40), st.integers(1, 50))
def test_chunks_do_not_show_in_the_rejects(rows: Rows, chunk_rows: int) -> None:
    kept = []
    for size in (None, chunk_rows, 1):
        with a_house() as house:
            house.receive(text_of(rows))
            house.process(chunk_rows=size)
            kept.append(house.objects("rejects/"))
    assert kept[0] == kept[1] == kept[2]


@QUICK
@given(st.lists(an_odd_row(), min_size=1, max_size=40), st.integers(1, 5), st.integers(1, 9))
def test_the_members_of_an_archive_are_one_file(rows: Rows, members: int, chunk_rows: int) -> None:
    # Contradictions included: which row stays does not depend on how the rows are grouped.
    weeks = {f"W{n}.txt": text_of(rows[n::members]) for n in range(members)}
    found = published_of(zipped(weeks), chunk_rows=chunk_rows, packing="zip", extension="csv.zip")
    assert found == published_of(text_of(rows))


@QUICK
@given(st.lists(a_row(), min_size=1, max_size=40), st.integers(1, 4), st.randoms())
def test_the_same_rows_in_several_files_are_the_same_days(
    rows: Rows, files: int, shuffle: random.Random
) -> None:
    rows = keyed(rows)
    whole = published_of(text_of(rows))
    shuffled = shuffle.sample(rows, len(rows))
    parts = [text_of(shuffled[n::files]) for n in range(files) if shuffled[n::files]]
    at_once: list[dict[str, Any]] = [
        {"received_at": FIRST_RECEIPT, "position": n} for n in range(len(parts))
    ]
    one_by_one: list[dict[str, Any]] = [{} for _ in parts]
    for receipts in (at_once, one_by_one):
        with a_house() as house:
            for part, known in zip(parts, receipts, strict=True):
                house.receive(part, **known)
            house.process()
            assert house.published() == whole


@QUICK
@given(st.lists(an_odd_row(), min_size=1, max_size=30), st.integers(1, 20))
def test_a_second_run_publishes_nothing_new(rows: Rows, chunk_rows: int) -> None:
    with a_house() as house:
        house.receive(text_of(rows))
        first = house.counts()
        published = house.published()
        versions = house.pointers()
        again = house.counts(chunk_rows=chunk_rows)
        assert house.published() == published
        assert house.pointers() == versions
        days = first["days"] - first["editions"]["red"]
        assert again == first | {
            "editions": {"new": 0, "unchanged": days, "red": first["editions"]["red"]}
        }


def spelt(rows: Rows) -> dict[str, tuple[str | bytes, dict[str, Any]]]:
    """The same rows in every form that the city, its portal or a spreadsheet gives them."""
    gzip = {"extension": "csv.gz", "packing": "gzip"}
    json = {"extension": "json", "media": "json"}
    local = [one | {"t_1h": local_stamp(one["t_1h"])} for one in rows]
    historic = [one | codes(one) for one in local]
    commas = [one | {name: (one[name] or "").replace(".", ",") for name in ("q", "k")}
              for one in rows]  # fmt: skip
    resaved = [one | {"date_debut": "10/10/1996", "date_fin": "01/01/2023"} for one in rows]
    return {
        "gz": (gzipped(text_of(rows)), gzip),
        "crlf": (text_of(rows, newline="\r\n"), {}),
        "bom": ("\ufeff" + text_of(rows), {}),
        "no last line end": (text_of(rows).rstrip("\n"), {}),
        "comma": (text_of(rows, delimiter=","), {}),
        "tab": (text_of(rows, delimiter="\t"), {}),
        "technical": (text_of(rows, names=TECHNICAL), {}),
        "upper case": (text_of(rows, names=UPPER), {}),
        "other order": (text_of(rows, columns=reversed(COLUMNS)), {}),
        "unknown column": (text_of(rows, columns=(*COLUMNS, "dessin")), {}),
        "blank lines": (text_of(rows).replace("\n", "\n\n"), {}),
        "all quoted": (quoted(text_of(rows, delimiter="\t")), {}),
        "offset": (text_of([one | {"t_1h": paris_stamp(one["t_1h"])} for one in rows]), {}),
        "local": (text_of(local), {}),
        "historic": (text_of(historic, names=TECHNICAL, delimiter=","), {}),
        "decimal commas": (text_of(commas), {}),
        "resaved dates": (text_of(resaved), {}),
        "json": (json_of(rows), json),
        "json api": ('{"total_count": 9, "results": ' + json_of(rows) + "}", json),
        "json gz": (gzipped(json_of(rows)), json | gzip),
    }


def quoted(text: str) -> str:
    """Tab separated text that needed no quotes but in its geometry, all in quotes."""
    lines = [line.split("\t") for line in text.splitlines()]
    return "\n".join(
        "\t".join(cell if cell.startswith('"') else f'"{cell}"' for cell in line) for line in lines
    )


def codes(one: dict[str, str | None]) -> dict[str, str | None]:
    states = {state_text(k): str(n) for n, k in enumerate((None, "0", "15", "30", "50"))}
    return {"etat_trafic": states[one["etat_trafic"] or ""], "etat_barre": "3"}


def paris_stamp(text: str | None) -> str:
    """The same instant as the city writes it, with the offset of Paris."""
    end = hour_end(text or "")
    assert end is not None
    return end.astimezone(PARIS).isoformat()


def local_stamp(text: str | None) -> str:
    """The same without the offset."""
    return paris_stamp(text)[:19].replace("T", " ")


@settings(QUICK, max_examples=2)
@given(st.lists(a_row(DAYS[:2]), min_size=1, max_size=15))
def test_every_spelling_of_the_rows_is_the_same_edition(rows: Rows) -> None:
    rows = keyed(rows)
    with a_house() as house:
        house.receive(text_of(rows))
        house.process()
        expected = house.published()
    for name, (content, known) in spelt(rows).items():
        assert published_of(content, **known) == expected, name


@QUICK
@given(st.lists(a_row(), min_size=2, max_size=40), st.randoms())
def test_which_duplicate_stays_does_not_depend_on_order(rows: Rows, shuffle: random.Random) -> None:
    # All rows speak of a few hours of one arc.
    rows = [one | {"iu_ac": "4264"} | ARCS["4264"] for one in rows]
    expected = read([rows])
    with a_house() as house:
        house.receive(text_of(shuffle.sample(rows, len(rows))))
        house.process()
        assert_days(house, days_of(expected, NOWHERE), expected)


@QUICK
@given(st.lists(st.lists(a_row(DAYS[:2]), min_size=1, max_size=15), min_size=2, max_size=4))
def test_the_later_receipt_wins_whole_and_what_it_withdrew_is_counted(
    receipts: list[Rows],
) -> None:
    latest: dict[str, Rows] = {}
    with a_house() as house:
        for rows in receipts:
            text = text_of(rows)
            house.receive(text)
            latest.pop(text, None)  # the same bytes again are one file, received last
            latest[text] = rows
        expected = read(list(latest.values()))
        counts = house.counts()
        assert counts["rows_in"] == expected.rows_in
        assert counts["published"] == len(expected.records)
        assert_days(house, days_of(expected, NOWHERE), expected)
