"""Packed files are examined to their end: every member, whole, alike, within limits."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable

import pytest

from cityflow.contracts import Dataset
from cityflow.errors import FileRefused
from cityflow.packed import Limits
from cityflow_ingest.examine import LIMITS, Examined, examine

ZipBuilder = Callable[[dict[str, bytes]], bytes]

ARCHIVE = (
    b"iu_ac;libelle;iu_nd_amont;libelle_nd_amont;iu_nd_aval;libelle_nd_aval;t_1h;q;k;etat_trafic;"
    b"etat_barre;dessin\n"
)
COLUMNS = frozenset(ARCHIVE.decode().strip().split(";"))
HOUR = b'%d;AV;2;a;3;b;2019-03-05 01:00:00;502.0;2.91;1;3;"{""type"": ""LineString""}"\n'
WEEK = ARCHIVE + b"".join(HOUR % arc for arc in range(9000))
REFERENTIEL = b'iu_ac;libelle;geo_shape\n1;A;"{""coordinates"": []}"\n'


def examined(data: bytes, limits: Limits = LIMITS) -> Examined:
    return examine(io.BytesIO(data), "in.bin", None, limits)


def refused(data: bytes, limits: Limits = LIMITS) -> FileRefused:
    with pytest.raises(FileRefused, match=r"^in\.bin") as refusal:
        examined(data, limits)
    return refusal.value


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_plain_and_gzip_files_say_how_they_are_packed() -> None:
    assert examined(WEEK) == Examined(Dataset.COMPTAGES, "table", COLUMNS, "csv", "plain", False)
    assert examined(WEEK).extension == "csv"
    assert examined(gzip.compress(WEEK)).packing == "gzip"
    assert examined(gzip.compress(WEEK)).extension == "csv.gz"


def test_a_yearly_archive_of_weekly_texts_in_deflate64(deflate64_zip: ZipBuilder) -> None:
    data = deflate64_zip({"2019/week_01.txt": WEEK, "2019/week_02.txt": WEEK})
    assert examined(data) == Examined(Dataset.COMPTAGES, "table", COLUMNS, "csv", "zip", False)
    assert examined(data).extension == "csv.zip"


def test_an_archive_is_synthetic_if_any_of_its_members_is() -> None:
    generated = WEEK.replace(b";AV;", b";SYN_AV;")
    assert examined(zipped({"a.txt": WEEK, "b.txt": generated})).synthetic
    assert not examined(zipped({"a.txt": WEEK})).synthetic


def test_the_bad_member_of_an_archive_is_named(deflate64_zip: ZipBuilder) -> None:
    refusal = refused(deflate64_zip({"a.txt": WEEK, "b.txt": b"%PDF-1.4"}))
    assert (refusal.name, refusal.found) == ("in.bin (b.txt)", "a PDF document")


@pytest.mark.parametrize("keep", [0.2, 0.9, 0.9999])
def test_truncated_gzip_is_refused(keep: float) -> None:
    packed = gzip.compress(WEEK)
    refusal = refused(packed[: int(len(packed) * keep)])
    assert refusal.found == "truncated packed data: it ends too early"
    assert "fetch it again" in refusal.expected


def test_a_damaged_checksum_deep_in_a_file_is_refused(deflate64_zip: ZipBuilder) -> None:
    packed = bytearray(gzip.compress(WEEK))
    packed[-6] ^= 1
    assert "damaged packed data" in refused(bytes(packed)).found
    archive = bytearray(deflate64_zip({"a.txt": WEEK}))
    archive[len(archive) // 2] ^= 1
    assert "a.txt" in refused(bytes(archive)).name


def test_bombs_are_refused(deflate64_zip: ZipBuilder) -> None:
    bomb = WEEK + bytes(30_000_000)
    limits = Limits(ratio=50, ratio_from=5_000_000)
    for packed in (gzip.compress(bomb), deflate64_zip({"a.txt": bomb})):
        assert "a decompression bomb" in refused(packed, limits).found
        assert "more than 10000000 bytes" in refused(packed, Limits(expanded_bytes=10**7)).found


def test_nested_archives_are_refused() -> None:
    assert "an archive inside an archive" in refused(gzip.compress(zipped({"a": WEEK}))).found
    assert "an archive inside an archive" in refused(zipped({"a.gz": gzip.compress(WEEK)})).found


@pytest.mark.parametrize("first", ["[Content_Types].xml", "docProps/app.xml", "xl/workbook.xml"])
def test_a_workbook_named_csv_is_called_an_office_document(first: str) -> None:
    book = zipped({first: b"<?xml version='1.0'?><Types/>", "xl/worksheets/sheet1.xml": b"<x/>"})
    assert refused(book).found == "an Office document (.xlsx, .docx)"


def test_an_opendocument_sheet_is_called_so() -> None:
    sheet = zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"})
    assert "OpenDocument" in refused(sheet).found


def test_an_archive_holds_files_of_one_kind() -> None:
    assert "referentiel" in refused(zipped({"a.txt": WEEK, "b.csv": REFERENTIEL})).found
    assert examined(zipped({"b.csv": REFERENTIEL})).dataset == "referentiel"
    two = refused(zipped({"a.csv": REFERENTIEL, "b.csv": REFERENTIEL}))
    assert two.found.startswith("a second file of referentiel")


def test_empty_packed_files_are_refused() -> None:
    assert refused(gzip.compress(b"")).found == "an empty file"
    assert refused(zipped({"empty.txt": b""})).found == "an empty file"
    assert refused(zipped({})).found == "a zip archive without files"


def test_a_long_json_file_must_have_its_end() -> None:
    record = {"iu_ac": "1", "t_1h": "2026-06-21T00:00:00+02:00", "q": 1.0, "k": 2.0}
    whole = json.dumps([record] * 9000).encode()
    cut = whole[:-20]
    assert examined(whole + b"\n").media == "json"
    assert examined(gzip.compress(whole)).extension == "json.gz"
    assert refused(cut).found == "JSON cut short: its end is missing"
    assert refused(gzip.compress(cut)).found == "JSON cut short: its end is missing"
