"""What is no text table is refused at its first bytes, by the name of what it is."""

import tracemalloc
from pathlib import Path
from random import Random

import pytest

from cityflow.errors import FileRefused
from cityflow_ingest.examine import examine
from cityflow_ingest.recognise import recognise
from cityflow_ingest.sample import Head

HEADER = b"iu_ac;libelle;t_1h;q;k\n"
ROW = b"4264;AV;2024-12-09T05:00:00+01:00;199.0;2.20945\n"
GIB = 2**30

REFUSED = {
    "nothing": (b"", "an empty file"),
    "a BOM alone": (b"\xef\xbb\xbf", "an empty file"),
    "blank lines": (b"\n \r\n\n", "an empty file"),
    "a header alone": (HEADER, "a header without rows"),
    "a header without line end": (HEADER.strip(), "a header without rows"),
    "a header and blank lines": (HEADER + b"\r\n\n", "a header without rows"),
    "another delimiter": (HEADER.replace(b";", b":") + ROW, "one single column"),
    "another delimiter below": (
        HEADER + ROW.replace(b";", b","),
        "rows of 1 fields under a header of 5 columns, first '4264,AV",
    ),
    "blanks as delimiter": (b"iu_ac t_1h q k\n1 2 3 4\n", "one single column"),
    "UTF-16": ((HEADER + ROW).decode().encode("utf-16"), "UTF-16 text"),
    "UTF-16 without BOM": ((HEADER + ROW).decode().encode("utf-16-le"), "NUL bytes"),
    "Latin-1 in the header": (
        "Identifiant arc;Débit horaire\n1;2\n".encode("latin-1"),
        "text that is not UTF-8 (byte 0xe9 at offset 17 of the header)",
    ),
    "a NUL in the header": (b"iu_ac;t_1h;q\0;k\n" + ROW, "NUL bytes, the first at offset 12"),
    "a NUL in a row": (HEADER + ROW + b"4264;\0", "NUL bytes, the first at offset"),
    "NUL bytes": (bytes(5000), "NUL bytes"),
    "CR line ends": ((HEADER + ROW).replace(b"\n", b"\r"), "lines that end with CR alone"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
    "a PNG": (b"\x89PNG\r\n\x1a\n\0\0", "an image (PNG)"),
    "a JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF", "an image (JPEG)"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    "Parquet": (b"PAR1\x15\x04\x15", "a Parquet file"),
    "SQLite": (b"SQLite format 3\0", "an SQLite database"),
    "bzip2": (b"BZh91AY&SY", "a bzip2 archive"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7-Zip archive"),
    "an HTML page": (b"<!DOCTYPE html>\n<html><body>504</body></html>", "an HTML page"),
    "HTML after blanks": (b"\xef\xbb\xbf \n<HTML>", "an HTML page"),
    "XML": (b'<?xml version="1.0"?><kml/>', "an XML document"),
    "a program": (b"\x7fELF\x02\x01", "a program"),
    "noise": (Random(1).randbytes(9000), "NUL bytes"),
    "a long line": (b"a;" * 40_000, "no line break in its first 65536 bytes"),
    "a quote never closed": (
        HEADER + b'4264;"' + b"A" * 300_000,
        "no complete row in the first 262144 bytes",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_bad_input_is_refused_by_what_it_is(kind: str, tmp_path: Path) -> None:
    data, found = REFUSED[kind]
    path = tmp_path / "comptages.csv"
    path.write_bytes(data)
    with path.open("rb") as stream, pytest.raises(FileRefused, match=r"^one\.csv: ") as refusal:
        examine(stream, "one.csv")
    assert found in refusal.value.found


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"a;" * 200_000, "no line break"),
        (HEADER + b"4264;" + b"9" * 400_000, "no complete row"),
        (b'["' + b"a" * 400_000, "no complete value"),
        (b"[" * 400_000, "nested more than 32 deep"),
        (b'{"a":' * 100_000, "nested more than 32 deep"),
    ],
)
def test_five_gigabytes_on_one_line_are_refused_without_being_read(
    start: bytes, found: str, tmp_path: Path
) -> None:
    path = tmp_path / "line.csv"
    with path.open("wb") as sparse:
        sparse.write(start)
        sparse.truncate(5 * GIB)
    tracemalloc.start()
    with path.open("rb") as stream, pytest.raises(FileRefused) as refusal:
        examine(stream, "line.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found in refusal.value.found
    assert peak < 20_000_000


def test_a_stray_quote_in_a_row_does_not_hide_the_rows_before_it() -> None:
    data = HEADER + ROW + b'4264;"AV' + b"A" * 200_000 + b"\n"
    assert recognise(Head(data, True), "a.csv").format.dataset == "comptages"


def test_broken_rows_are_left_to_the_processor() -> None:
    data = HEADER + b"4264;\xff\xfe;x\n" + ROW + b";;;;;;;\n"
    assert recognise(Head(data, True), "a.csv").format.dataset == "comptages"
