"""Every reader gives the same records of the same lines, whatever stands beside them in a chunk."""

import csv
import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from cityflow.published_names import comptages_columns
from cityflow_processor.comptages import bits, known_lines, scan
from cityflow_processor.comptages.fast import NotRegular, read_alone, read_regular
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.known_lines import KnownLines
from cityflow_processor.comptages.tokens import Tokens, read_tolerant
from cityflow_processor.comptages.validate import Batch, read_batch, validate
from cityflow_processor.reading.chunks import chunks, spans

QUICK = settings(max_examples=100, deadline=None)
LAYOUTS = (
    "iu_ac;libelle;t_1h;q;k;etat_trafic;etat_barre;dessin",
    "iu_ac;libelle;t_1h;q;k;etat_trafic;libelle_nd_amont;etat_barre;date_debut;geo_shape",
    "libelle;iu_ac;t_1h;q;k;etat_trafic;etat_barre",
    "iu_ac;t_1h;q;k;etat_trafic",
    "iu_ac;t_1h;q;k;libelle",
)
GOOD = {
    "iu_ac": "4264",
    "t_1h": "2025-03-05T05:00:00+01:00",
    "q": "12.0",
    "k": "2.5",
    "etat_trafic": "Fluide",
    "etat_barre": "Ouvert",
}
WORDS = (
    *('"4264"', "*", "", " 4264", "5671", "x y", "2025-03-05 06:00:00", "2019-03-31 02:00:00"),
    *("12", "-5", "12.5", "1000001", "abc", "101", "1,5", "+5", "1e3", "nan", "inf", "1e400"),
    *("Infinity", ".5", "5.", "-0", " 12", "12 ", "1_0", "0x1", "NA", "Inconnu", "1", "4"),
    *('"Rue', 'Rue"', 'Ru"e', '"Rue;Av"', '"a""b"', '"a"b"', '"a" b"', '""', '"', '""1', '"1'),
    *('"a\nb"', 'a\nb', '"a\n\nb"', '"a;b\nc"', "\0", "a\0", "é", "\udcff", "\r", "\t", " "),
    # Longer than what is looked at in one step, of places and of texts; and longer numbers.
    *("L" * 57, "é" * 40, "7" * 65, "x" * 200, "12.345678901234", "0" * 30 + "7", "1" * 400),
)  # fmt: skip
fields = st.sampled_from(WORDS) | st.text(alphabet='ab1;"\n\r .,-\0é', max_size=6)


@st.composite
def a_line(draw: DrawFn, columns: list[str]) -> str:
    """A line that is well formed but for a few fields, or of the wrong width, or blank."""
    row = [GOOD.get(name, "x") for name in columns]
    for _ in range(draw(st.integers(0, 2))):
        row[draw(st.integers(0, len(row) - 1))] = draw(fields)
    shape = draw(st.sampled_from(("", "", "", "", "short", "long", "blank", "spaces")))
    if shape == "short":
        row = row[: draw(st.integers(0, len(row)))]
    elif shape == "long":
        row.append(draw(fields))
    elif shape:
        return "" if shape == "blank" else "  "
    return ";".join(row)


@st.composite
def blocks(draw: DrawFn) -> tuple[Header, list[bytes]]:
    """Lines with their ends, the last of which may lack its own."""
    layout = draw(st.sampled_from(LAYOUTS))
    columns = layout.split(";")
    end = draw(st.sampled_from(("\n", "\r\n")))
    lines = [line + end for line in draw(st.lists(a_line(columns), min_size=1, max_size=5))]
    if draw(st.booleans()) and lines[-1] != end:
        lines[-1] = lines[-1].removesuffix(end)
    encoded = [line.encode("utf-8", "surrogateescape") for line in lines]
    return Header(comptages_columns(columns), ";"), encoded


def seen(batch: Batch, first_line: int = 0) -> tuple[Any, ...]:
    """What a batch holds, told without its numbering."""
    arcs = batch.arcs.to_list()
    rows = [
        (
            arcs[row.pop("arc")],
            None if (at := row.pop("attributes")) < 0 else batch.attributes.texts.row(at),
            *row.values(),
        )
        for row in batch.rows.to_dicts()
    ]
    rejects = [(line + first_line, *rest) for line, *rest in batch.rejects.sort("line").iter_rows()]
    return rows, rejects, batch.empty_gap_rows, batch.line_count


@QUICK
@given(blocks())
def test_the_reader_of_a_block_never_shows(block: tuple[Header, list[bytes]]) -> None:
    header, lines = block
    data = b"".join(lines)
    expected = seen(validate(read_tolerant(data, header)))
    known = KnownLines(header)
    assert seen(read_batch(data, header, known)) == expected
    assert seen(read_batch(data, header, known)) == expected


@QUICK
@given(st.lists(blocks(), min_size=1, max_size=4), st.sampled_from((64, 128, 1024)))
def test_the_windows_of_a_block_never_show(
    several: list[tuple[Header, list[bytes]]], window_bytes: int
) -> None:
    header, _ = several[0]
    lines = [line for other, some in several for line in some if other == header]
    data = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
    expected = seen(validate(read_tolerant(data, header)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bits, "_WINDOW_BYTES", window_bytes)
        patch.setattr(scan, "_WINDOW_BYTES", window_bytes)
        assert seen(read_batch(data, header, KnownLines(header))) == expected


@QUICK
@given(blocks())
def test_lines_read_before_never_show(block: tuple[Header, list[bytes]]) -> None:
    header, lines = block
    known = KnownLines(header)
    for line in lines:
        read_batch(line, header, known)
    data = b"".join(lines)
    assert seen(read_batch(data, header, known)) == seen(
        read_batch(data, header, KnownLines(header))
    )


def test_no_more_lines_are_remembered_than_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_lines, "MOST_KNOWN", 3)
    header = Header(comptages_columns(LAYOUTS[0].split(";")), ";")
    known = KnownLines(header)
    for start in range(0, 20, 5):
        lines = [";".join((GOOD | {"libelle": f"L{n}"}).get(c, "x") for c in LAYOUTS[0].split(";"))
                 .replace("4264", str(n)) for n in range(start, start + 5)]  # fmt: skip
        batch = read_batch("\n".join(lines).encode(), header, known)
        assert batch.attributes.texts["libelle"].sort().to_list() == sorted(
            f"L{n}" for n in range(start, start + 5)
        )


@settings(QUICK, max_examples=50)
@given(blocks(), st.integers(1, 3))
def test_the_cuts_between_chunks_never_show(
    block: tuple[Header, list[bytes]], chunk_rows: int
) -> None:
    header, lines = block
    data = b"".join(lines)
    known = KnownLines(header)
    whole = seen(read_batch(data, header, KnownLines(header)))
    cut = list(chunks(io.BytesIO(data), chunk_rows, header, "test"))
    places = spans(io.BytesIO(data), chunk_rows, header, "test")
    assert cut == [data[at.start : at.start + at.size] for at in places]
    rows, rejects, gaps, count = [], [], 0, 0
    for chunk in cut:
        part = seen(read_batch(chunk, header, known), count)
        # Only the latest rows of an arc's day show what they say of it: not told in a chunk.
        rows += [(arc, *rest) for arc, _, *rest in part[0]]
        rejects += part[1]
        gaps += part[2]
        count += part[3]
    expected = [(arc, *rest) for arc, _, *rest in whole[0]]
    assert (rows, rejects, gaps, count) == (expected, *whole[1:])


# A text that holds a line break and a delimiter or a quote cannot be told from a line with a stray
# quote: there the reader saves the neighbours, the csv module the text.
TEXTS = st.text(alphabet='ab;"é ', max_size=4) | st.text(alphabet="ab\né ", max_size=4)


@settings(QUICK, max_examples=30)
@given(
    st.lists(st.lists(TEXTS, min_size=8, max_size=8)),
    st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    st.sampled_from(("\n", "\r\n")),
)
def test_well_formed_text_is_read_as_the_csv_module_reads_it(
    written: list[list[str]], quoting: int, newline: str
) -> None:
    columns = LAYOUTS[0].split(";")
    rows = [
        [GOOD.get(name, text.strip()) for name, text in zip(columns, row, strict=True)]
        for row in written
    ]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator=newline, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows(rows)
    header = Header(comptages_columns(columns), ";")
    batch = read_batch(stream.getvalue().encode(), header, KnownLines(header))
    read = list(csv.reader(io.StringIO(stream.getvalue(), newline=""), delimiter=";"))
    assert read == rows
    assert (batch.rows.height, batch.rejects.height) == (len(rows), 0)
    labels = [batch.attributes.texts["libelle"][at] for at in batch.rows["attributes"]]
    assert labels == [row[1].strip() or None for row in rows]


def readable(data: bytes, header: Header) -> list[str]:
    """The fast readers that take a block."""
    taken = []
    readers: dict[str, Callable[[bytes, Header], Tokens]] = {
        "read_alone": partial(read_alone, known=KnownLines(header)),
        "read_regular": read_regular,
    }
    for name, read in readers.items():
        try:
            validate(read(data, header))
        except NotRegular:
            continue
        taken.append(name)
    return taken


def test_the_published_forms_are_read_fast() -> None:
    header = Header(comptages_columns(LAYOUTS[0].split(";")), ";")
    plain = ";".join(GOOD.get(name, "x") for name in LAYOUTS[0].split(";")).encode()
    assert readable(plain, header) == ["read_alone", "read_regular"]
    quoted = b";".join(b'"%s"' % field for field in plain.split(b";"))
    assert readable(quoted, header) == ["read_regular"]
    labelled = Header(comptages_columns(LAYOUTS[1].split(";")), ";")
    shaped = b'4264;x;2025-03-05 05:00:00;1;2;Fluide;x;Ouvert;;"{""a"": [1, 2]}"\r\n'
    assert readable(shaped, labelled) == ["read_alone", "read_regular"]
    commas = Header(header.columns, ",")
    assert readable(b'4264,x,2025-03-05 05:00:00,1,2,1,1,"a, b"\n', commas) == [
        "read_alone", "read_regular",
    ]  # fmt: skip
    # Without a state there is nothing at a row's end to show that it is whole.
    bare = Header(comptages_columns(LAYOUTS[4].split(";")), ";")
    assert readable(b"4264;2025-03-05 05:00:00;1;2;x\n", bare) == ["read_regular"]
