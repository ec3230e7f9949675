"""Files no source should send, written without ever holding them in memory; and a good one."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Final, Literal

GIB: Final = 2**30
MIB: Final = 2**20
# Measured: up to 302 MiB, half of it libraries.
MODEST: Final = 352 * MIB
DAY: Final = "2024-12-09"
HEADER: Final = (
    "Identifiant arc;Libelle;Date et heure de comptage;Débit horaire;Taux d'occupation;"
    "Etat trafic;Etat arc\n"
).encode()
NAMES: Final = ("iu_ac", "libelle", "t_1h", "q", "k", "etat_trafic", "etat_barre")


def row(arc: int, hour: int, flow: str = "199.0", label: str = "Rivoli") -> bytes:
    """One record of the day."""
    stamp = f"{DAY}T{hour:02d}:00:00+01:00"
    return f"{arc};{label};{stamp};{flow};2.20945;Fluide;Invalide\n".encode()


def rows(arcs: int, first: int = 1) -> bytes:
    """All hours of so many arcs."""
    return b"".join(row(arc, hour) for arc in range(first, first + arcs) for hour in range(1, 24))


GOOD: Final = HEADER + rows(50)
# More than the 256 KiB that ingest looks at.
BEYOND_THE_HEAD: Final = HEADER + rows(250, first=1000)


@dataclass(frozen=True)
class Bad:
    """A bad file: how it is written, what is said of it (None: it is taken), in how much memory.

    Of a `large` one the memory is the point: a command of its own reads it.
    """

    write: Callable[[Path], None]
    ingest: str | None
    processor: str | None
    memory: int = MODEST
    media: Literal["csv", "json"] = "csv"
    packing: Literal["plain", "gzip", "zip"] = "plain"
    large: bool = False


def data(content: bytes) -> Callable[[Path], None]:
    """Writes these bytes."""
    return lambda path: _ignore(path.write_bytes(content))


def sparse(start: bytes, size: int) -> Callable[[Path], None]:
    """Writes a start; the rest of the size is a hole, read as NUL bytes."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(start)
            file.truncate(size)

    return write


def repeated(start: bytes, piece: bytes, times: int, end: bytes = b"") -> Callable[[Path], None]:
    """Writes a start, a piece so many times, an end."""

    def write(path: Path) -> None:
        with path.open("wb", buffering=MIB) as file:
            for part in _parts(start, piece, times, end):
                file.write(part)

    return write


def zipped(start: bytes, piece: bytes, times: int) -> Callable[[Path], None]:
    """The same as `repeated`, as one gzip stream."""

    def write(path: Path) -> None:
        with gzip.open(path, "wb", 9) as file:
            for part in _parts(start, piece, times, b""):
                file.write(part)

    return write


def in_zip(members: dict[str, bytes]) -> bytes:
    """A zip archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def json_records(count: int) -> bytes:
    """The inside of a list of so many records."""
    record = (
        b'{"iu_ac":"%d","libelle":"R","t_1h":"2024-12-09T05:00:00+01:00","q":199.0,"k":2.2,'
        b'"etat_trafic":"Fluide","etat_barre":"Invalide"}'
    )
    return b",".join(record % (1000 + number) for number in range(count))


def _parts(start: bytes, piece: bytes, times: int, end: bytes) -> Iterator[bytes]:
    yield start
    yield from repeat(piece, times)
    yield end


def _ignore(_: object) -> None:
    return None


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes(byte ^ 0x55 for byte in content[at : at + 4]) + content[at + 4 :]


_NOISE: Final = Random(7).randbytes(300_000)
_PACKED: Final = gzip.compress(HEADER + rows(40) + _NOISE.hex().encode())
_MANY_JSON: Final = b"[" + json_records(3000)
_STRING: Final = b"a" * MIB
_HEADER_ONLY: Final = "a header without rows"

BAD: Final = {
    "empty": Bad(data(b""), "an empty file", "an empty first line"),
    "blank lines": Bad(data(b"\n\r\n\n"), "an empty file", "an empty first line"),
    "cut gzip": Bad(data(_PACKED[:-2000]), "truncated packed", "truncated packed", packing="gzip"),
    "gzip cut in its checksum": Bad(
        data(_PACKED[:-5]), "truncated packed", "truncated packed", packing="gzip"
    ),
    "flipped gzip": Bad(
        data(_flipped(_PACKED, 5000)), "damaged packed|NUL", "damaged packed|NUL", packing="gzip"
    ),
    "gzip and more": Bad(
        data(_PACKED + b"more"), "damaged packed data", "damaged packed data", packing="gzip"
    ),
    "empty gzip": Bad(
        data(gzip.compress(b"")), "an empty file", "an empty first line", packing="gzip"
    ),
    "cut zip": Bad(
        data(in_zip({"a.txt": GOOD})[:-30]), "not a zip file", "not a zip file", packing="zip"
    ),
    "flipped zip": Bad(
        data(_flipped(in_zip({"a.txt": BEYOND_THE_HEAD}), 2000)),
        "damaged packed data",
        "damaged packed data",
        packing="zip",
    ),
    "zip with one bad member": Bad(
        data(in_zip({"a.txt": GOOD, "b.txt": b"garbage;x\n1;2\n"})),
        r"found the columns|in b\.txt",
        r"b\.txt: found no column",
        packing="zip",
    ),
    "zip without files": Bad(data(in_zip({})), "without files", "without files", packing="zip"),
    "spreadsheet": Bad(
        data(in_zip({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})),
        "an Office document",
        "one single column",
        packing="zip",
    ),
    "gzip bomb": Bad(
        zipped(HEADER + rows(1), row(1, 5) * 20_000, 60),
        "a decompression bomb",
        "a decompression bomb",
        packing="gzip",
        large=True,
    ),
    "gzip bomb of one line": Bad(
        zipped(HEADER + rows(1), bytes(MIB), 200),
        "NUL|bomb",
        "longer|bomb",
        packing="gzip",
        large=True,
    ),
    "zip bomb": Bad(
        lambda path: _ignore(path.write_bytes(in_zip({"a.txt": GOOD + row(1, 5) * 1_200_000}))),
        "a decompression bomb",
        "a decompression bomb",
        packing="zip",
        large=True,
    ),
    "binary": Bad(data(_NOISE), "NUL bytes", "NUL bytes|no line break|not UTF-8|one single"),
    "binary under a header": Bad(
        data(HEADER + _NOISE), "NUL bytes", "not one of its [0-9,]+ rows can be read"
    ),
    "wrong delimiter": Bad(
        data(GOOD.replace(b";", b":")), "one single column", "one single column"
    ),
    "wrong delimiter below": Bad(
        data(HEADER + rows(50).replace(b";", b",")),
        "rows of 1 fields under a header of 7",
        "not one of its 1,150 rows can be read",
    ),
    "other columns": Bad(data(b"a;b;c\n1;2;3\n"), "the columns a, b, c", "no column iu_ac"),
    "UTF-16": Bad(data(GOOD.decode().encode("utf-16")), "UTF-16 text", "UTF-16 text"),
    "Latin-1 header": Bad(data(GOOD.decode().encode("latin-1")), "not UTF-8", "not UTF-8"),
    "NUL in the header": Bad(data(GOOD.replace(b";Lib", b"\0;Lib")), "NUL bytes", "NUL bytes"),
    "5 GB in one line": Bad(
        sparse(b"a;" * 200_000, 5 * GIB), "no line break|NUL", "no line break", large=True
    ),
    "5 GB in the first row": Bad(
        sparse(HEADER + b"1;" + b"9" * 300_000, 5 * GIB),
        "no complete row",
        "a line longer than 1,048,576 bytes",
        large=True,
    ),
    "600 MB in one line of text": Bad(
        repeated(HEADER + b"1;", _STRING, 600),
        "no complete row",
        "a line longer than",
        large=True,
    ),
    "a quote that never closes": Bad(
        repeated(HEADER + b'1;"', b"A" * 200 + b"\n", 2_000_000),
        "no complete row|fields under",
        "[0-9,]+ of its rows cannot be read",
        memory=640 * MIB,  # measured: 584, two processes at blocks of nothing but rejects
        large=True,
    ),
    "JSON cut short": Bad(data(_MANY_JSON), "JSON", "JSON text is broken", media="json"),
    "JSON nested deep": Bad(
        data(b"[" * 400_000), "nested more than 32", "nested more than 32", media="json"
    ),
    "JSON of one string": Bad(
        repeated(b'[{"libelle":"', _STRING, 600),
        "no complete value",
        "no JSON record",
        media="json",
        large=True,
    ),
}
"""Refused at the door, and said by the processor if they are found behind it."""

UNSEEN: Final = {
    "2 MB in one line": Bad(
        data(BEYOND_THE_HEAD + row(7, 5, label="A" * 2_000_000) + rows(10)),
        None,
        "a line longer than 1,048,576 bytes",
        large=True,
    ),
    "600 MB in one line after good rows": Bad(
        repeated(BEYOND_THE_HEAD + b"1;", _STRING, 600, b"\n"),
        None,
        "a line longer than 1,048,576 bytes",
        large=True,
    ),
    "JSON broken in the middle": Bad(
        data(_MANY_JSON + b",{]," + json_records(9) + b"]"),
        None,
        "the JSON text is broken",
        media="json",
    ),
    "JSON nested deep after good records": Bad(
        data(_MANY_JSON + b',{"x":' + b"[" * 400_000 + b"]"),
        None,
        "nested more than 32 deep",
        media="json",
    ),
    "JSON string of 600 MB after good records": Bad(
        repeated(_MANY_JSON + b',{"x":"', _STRING, 600, b'"}]'),
        None,
        "no JSON record ends within",
        media="json",
        large=True,
    ),
}
"""Good as far as ingest looks: the processor must say what they are."""

ROWS: Final = {
    "NUL bytes in rows": (row(1, 5, flow="1\0") + bytes(500) + b"\n", 2),
    "invalid UTF-8 in a number": (row(1, 5).replace(b"199.0", b"\xff\xfe"), 1),
    "rows cut short": (b"1;Rivoli\n1\n", 2),
    "a delimiter too many": (row(1, 5, label="Rivoli; nord"), 1),
    "a quote left open": (b'1;"Rivoli;2024-12-09T05:00:00+01:00;199.0\n', 1),
    "numbers out of this world": (
        b"".join(row(1, 5, flow=text) for text in ("-1", "1e308", "nan", "0x1F", "9" * 400)),
        5,
    ),
    "times that never were": (
        b"".join(
            row(1, 5).replace(b"2024-12-09T05:00:00+01:00", text)
            for text in (b"2024-13-01T00:00:00", b"0001-01-01T00:00:00", b"", b"now", b"9" * 300)
        ),
        5,
    ),
    "arcs that are none": (
        b"".join(row(1, 5).replace(b"1;", arc, 1) for arc in (b"*;", b";", b"a b;", b"'--;")),
        4,
    ),
}
"""Rows that are rejected one by one (how many), and cost their neighbours nothing."""
