import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cityflow.storage import RawZone

ZipBuilder = Callable[[dict[str, bytes]], bytes]
Command = Callable[..., Any]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_stored_as_received_with_its_provenance(
    ingest: Command, zone: RawZone, good: Path
) -> None:
    packed = good.with_name("packed.csv.gz")
    packed.write_bytes(gzip.compress(good.read_bytes()))
    ended = ingest("files", packed, "--json")
    assert ended.code == 0
    (entry,) = zone.entries("comptages")
    with zone.open(entry.key) as stream:
        assert stream.read() == packed.read_bytes()
    meta = entry.meta
    assert (meta.sha256, meta.bytes) == (digest(packed), packed.stat().st_size)
    assert (meta.media, meta.packing, meta.extension) == ("csv", "gzip", "csv.gz")
    assert not meta.synthetic
    (receipt,) = meta.receipts
    assert (receipt.origin, receipt.position) == ("packed.csv.gz", 0)
    assert entry.key.endswith(f"-{meta.sha256[:12]}.csv.gz")


def test_the_same_bytes_are_stored_once_and_each_arrival_receipted(
    ingest: Command, zone: RawZone, good: Path
) -> None:
    twin = good.with_name("twin.csv")
    twin.write_bytes(good.read_bytes())
    first = ingest("files", good, twin, "--json").document
    assert [one["status"] for one in first["files"]] == ["stored", "held"]
    assert first["datasets"]["comptages"] == {
        "files": 2, "stored": 1, "registered": 0, "held": 1, "refused": 0,
        "bytes": 2 * good.stat().st_size,
    }  # fmt: skip
    second = ingest("files", good, "--json").document
    assert second["files"][0] == first["files"][0] | {"status": "held"}
    (entry,) = zone.entries("comptages")
    assert [(one.origin, one.position) for one in entry.meta.receipts] == [
        ("good.csv", 0), ("twin.csv", 1), ("good.csv", 0),
    ]  # fmt: skip


def test_real_files_are_archived_whole(ingest: Command, zone: RawZone, real_data: Path) -> None:
    folders = [real_data / name for name in ("comptages", "comptages-historique", "referentiel")]
    ended = ingest("files", *folders, real_data / "arrondissements", "--json")
    assert ended.code == 0
    counts = {name: found["stored"] for name, found in ended.document["datasets"].items()}
    assert counts == {"comptages": 4, "referentiel": 1, "arrondissements": 1}
    held = {entry.meta.sha256 for entry in zone.entries("comptages")}
    assert held == {digest(path) for folder in folders[:2] for path in folder.iterdir()}


def test_every_real_file_is_archived_or_refused_by_its_kind(
    ingest: Command, real_data: Path
) -> None:
    ended = ingest("files", real_data, "--json")
    assert ended.code == 3
    counts = {name: found["stored"] for name, found in ended.document["datasets"].items()}
    assert counts == {
        "arrondissements": 1, "bikes": 2, "chantiers": 1, "comptages": 4, "referentiel": 1,
        "traffic": 2, "velib": 3, "weather": 2,
    }  # fmt: skip
    refused = {Path(one["path"]).name[:12]: one["found"] for one in ended.document["refused"]}
    assert refused == {
        "calibration_": "a Parquet file",
        "meteo-france": "the Météo-France description of fields, not the data",
        "PROVENANCE.m": refused["PROVENANCE.m"],
        "SCHEMAS.md": refused["SCHEMAS.md"],
    }
    assert "one single column" in refused["SCHEMAS.md"]


def test_a_yearly_archive_in_deflate64(
    ingest: Command, zone: RawZone, tmp_path: Path, deflate64_zip: ZipBuilder, real_data: Path
) -> None:
    year = real_data / "comptages-historique" / "historique_champs_elysees_2019.csv"
    header, *rows = year.read_bytes().splitlines(keepends=True)
    weeks = {f"w{i:02}.txt": header + b"".join(rows[i::3]) for i in range(3)}
    archive = tmp_path / "opendata_txt_2019.zip"
    archive.write_bytes(deflate64_zip(weeks))
    assert ingest("files", archive).code == 0
    (entry,) = zone.entries("comptages")
    assert (entry.meta.packing, entry.meta.extension) == ("zip", "csv.zip")


def test_a_bad_file_does_not_stop_the_others(ingest: Command, good: Path) -> None:
    (good.parent / "a.csv").write_bytes(b"%PDF-1.7")
    (good.parent / "z.csv").write_bytes(b"")
    ended = ingest("files", good.parent, "--json")
    assert ended.code == 3
    assert [(Path(one["path"]).name, one["status"]) for one in ended.document["files"]] == [
        ("a.csv", "refused"), ("good.csv", "stored"), ("z.csv", "refused"),
    ]  # fmt: skip
    assert ended.document["refused"][0] == {
        "path": str(good.parent / "a.csv"),
        "found": "a PDF document",
        "expected": "CSV or JSON text, plain, gzip or zip",
    }
    assert ended.document["datasets"]["comptages"]["files"] == 1


def test_refused_files_leave_nothing_behind(ingest: Command, output: Path, tmp_path: Path) -> None:
    bad = tmp_path / "cut.csv.gz"
    bad.write_bytes(gzip.compress(os.urandom(9999))[:-100])
    assert ingest("files", bad).code == 3
    assert not list(output.rglob("*.gz*"))


def test_another_dataset_than_the_one_named_is_refused(ingest: Command, real_data: Path) -> None:
    ended = ingest("files", real_data / "bikes", "--dataset", "comptages", "--json")
    assert ended.code == 3
    assert ended.document["datasets"]["comptages"] == {
        "files": 3, "stored": 0, "registered": 0, "held": 0, "refused": 3, "bytes": 0,
    }  # fmt: skip
    found = [one["found"] for one in ended.document["refused"]]
    assert found[0] == "a Parquet file"
    assert all(why.startswith("bikes (") for why in found[1:])


def test_the_member_at_fault_is_said(
    ingest: Command, tmp_path: Path, good: Path, deflate64_zip: ZipBuilder
) -> None:
    archive = tmp_path / "year.zip"
    members = {"w1.txt": good.read_bytes(), "w2.txt": b"<html>"}
    archive.write_bytes(deflate64_zip(members))
    (refusal,) = ingest("files", archive, "--json").document["refused"]
    assert (refusal["path"], refusal["found"]) == (str(archive), "in w2.txt: an HTML page")


def test_people_get_tables_and_logs_stay_off_standard_output(
    ingest: Command, good: Path, tmp_path: Path
) -> None:
    named = tmp_path / "[red]odd\x1bname.csv"
    named.write_bytes(b"no table")
    ended = ingest("files", good, named)
    assert ended.code == 3
    assert "Datasets" in ended.out
    assert "[red]odd" in ended.out
    assert "\x1b" not in ended.out
    assert "file stored" in ended.err
    assert "file refused" in ended.err
    assert "file stored" not in ended.out


def test_a_file_name_of_any_bytes_is_taken(ingest: Command, zone: RawZone, good: Path) -> None:
    odd = good.parent / os.fsdecode(b"comptages_\xe9t\xe9.csv")
    odd.write_bytes(good.read_bytes())
    assert ingest("files", odd, "--json").code == 0
    assert ingest("files", odd).code == 0
    (entry,) = zone.entries("comptages")
    assert entry.meta.receipts[0].origin == r"comptages_\udce9t\udce9.csv"


@pytest.mark.parametrize(
    "arguments",
    [["no-such-file.csv"], [".", "--dataset", "trams"], []],
)
def test_wrong_arguments_end_with_2_and_nothing_is_written(
    ingest: Command, output: Path, arguments: list[str]
) -> None:
    ended = ingest("files", *arguments, "--json")
    assert ended.code == 2
    assert not ended.out
    assert "Traceback" not in ended.err
    assert not output.exists()


def test_a_store_that_cannot_be_written_ends_with_5(
    ingest: Command, output: Path, good: Path
) -> None:
    output.write_text("a file where the folder should be")
    ended = ingest("files", good, "--json")
    assert ended.code == 5
    assert ended.out == ""
    assert ended.err.splitlines()[-1].startswith("error: ")


def test_synthetic_files_are_marked(ingest: Command, zone: RawZone, good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b";AV_", b";SYN_"))
    assert ingest("files", good).code == 0
    assert zone.entries("comptages")[0].meta.synthetic
