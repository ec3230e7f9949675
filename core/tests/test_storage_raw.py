import hashlib
import io
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from contract_support import in_processes, in_threads, killed, one_line, unprivileged

from cityflow.contracts import Receipt
from cityflow.errors import SourceError, StoreUnavailable, UnknownSchemaVersion
from cityflow.storage import DocumentId, NewRaw, RawZone, Store, layout
from cityflow.storage.local import LocalObjects
from cityflow.storage.sqlite import SqliteDocuments

NOW = datetime(2025, 3, 30, 23, 30, tzinfo=UTC)
CONTENT = b"iu_ac;libelle;t_1h\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
KEY = f"raw/comptages/dt=2025-03-30/20250330T233000.000000Z-{SHA256[:12]}.csv"


def arrival(dataset: str = "comptages", **fields: Any) -> NewRaw:
    values: dict[str, Any] = {
        "extension": "csv",
        "media": "csv",
        "packing": "plain",
        "synthetic": False,
        "origin": "comptages.csv",
        "position": 0,
        "received_at": NOW,
        **fields,
    }
    return NewRaw(dataset, **values)


def open_at(folder: Path) -> Store:
    return Store(SqliteDocuments(folder / "cityflow.db"), LocalObjects(folder))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_at(tmp_path) as store:
        yield store


@pytest.fixture
def zone(store: Store) -> RawZone:
    return RawZone(store)


def keys(store: Store) -> list[str]:
    return [info.key for info in store.objects.list("raw/")]


def receipts(zone: RawZone) -> tuple[Receipt, ...]:
    (entry,) = zone.entries("comptages")
    return entry.meta.receipts


def archive_in_process(number: int, folder: Path, times: int) -> int:
    """How often these bytes were new; each time they arrive an hour later."""
    with open_at(folder) as store:
        zone = RawZone(store)
        return sum(
            zone.archive(
                io.BytesIO(CONTENT),
                arrival(received_at=NOW + timedelta(hours=n), position=number),
            ).new
            for n in range(times)
        )


def archive_for_ever(pipe: Connection, folder: Path, start: int) -> None:
    zone = RawZone(open_at(folder))
    pipe.send("ready")
    for number in range(start, start + 10_000):
        zone.archive(io.BytesIO(b"%d" % (number // 2)), arrival(position=number))


def read_as_nobody(folder: Path, source: Path) -> str:
    with open_at(folder) as store:
        try:
            RawZone(store).archive(source, arrival())
        except SourceError as error:
            return str(error)
    return "it was not refused"


def test_bytes_are_stored_as_received_with_their_provenance(
    zone: RawZone, store: Store, tmp_path: Path
) -> None:
    source = tmp_path / "comptages.csv"
    source.write_bytes(CONTENT)
    fields: dict[str, Any] = {
        "url": "https://x/y",
        "params": {"a": "b"},
        "status": 200,
        "headers": {"etag": "1"},
    }
    archived = zone.archive(source, arrival(**fields))
    assert archived.key == KEY
    assert (archived.sha256, archived.bytes, archived.new) == (SHA256, len(CONTENT), True)
    with zone.open(KEY) as stream:
        assert stream.read() == CONTENT
    (entry,) = zone.entries("comptages")
    assert entry.key == KEY
    assert entry.meta.model_dump(include=set(fields)) == fields
    assert (entry.meta.sha256, entry.meta.bytes) == (SHA256, len(CONTENT))
    assert entry.meta.receipts == (Receipt(received_at=NOW, position=0, origin="comptages.csv"),)
    assert keys(store) == [KEY, f"{KEY}.meta.json"]


def test_the_same_bytes_are_stored_once_and_every_receipt_kept(zone: RawZone, store: Store) -> None:
    first = zone.archive(io.BytesIO(CONTENT), arrival())
    later = arrival(received_at=NOW + timedelta(days=1), origin="again.csv")
    second = RawZone(store).archive(io.BytesIO(CONTENT), later)
    assert (second.key, second.sha256, second.new) == (first.key, first.sha256, False)
    zone.archive(io.BytesIO(CONTENT), later)
    zone.archive(io.BytesIO(CONTENT), arrival(received_at=NOW - timedelta(days=1)))
    assert [receipt.origin for receipt in receipts(zone)] == [
        "comptages.csv",
        "comptages.csv",
        "again.csv",
    ]
    assert keys(store) == [KEY, f"{KEY}.meta.json"]


def test_each_dataset_has_its_own(zone: RawZone, store: Store) -> None:
    assert zone.archive(io.BytesIO(CONTENT), arrival()).new
    assert zone.archive(io.BytesIO(CONTENT), arrival("comptages2")).new
    assert len(zone.entries("comptages")) == len(zone.entries("comptages2")) == 1
    assert zone.entries("comptage") == []


def test_entries_are_sorted_by_last_receipt_then_position_then_digest(zone: RawZone) -> None:
    hour = timedelta(hours=1)
    for content, at, position in [
        *((b"a", NOW, 2), (b"b", NOW, 1), (b"c", NOW - hour, 9), (b"d", NOW - hour, 0)),
        *((b"e", NOW, 1), (b"d", NOW + hour, 0), (b"c", NOW - 2 * hour, 0)),
    ]:
        zone.archive(io.BytesIO(content), arrival(received_at=at, position=position))
    found = [
        (e.meta.receipts[-1].received_at, e.meta.receipts[-1].position, e.meta.sha256)
        for e in zone.entries("comptages")
    ]
    assert found == sorted(found)
    order = [hashlib.sha256(content).hexdigest() for content in (b"c", b"b", b"e", b"a", b"d")]
    b, e = sorted(order[1:3])
    assert [sha256 for *_, sha256 in found] == [order[0], b, e, *order[3:]]


def test_a_stream_is_taken_from_where_it_stands(zone: RawZone) -> None:
    stream = io.BytesIO(b"skipped" + CONTENT)
    stream.seek(7)
    assert zone.archive(stream, arrival()).sha256 == SHA256


def test_a_stream_that_cannot_seek_is_archived(zone: RawZone) -> None:
    reader, writer = os.pipe()
    os.write(writer, CONTENT)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        archived = zone.archive(stream, arrival())
    assert (archived.sha256, archived.key) == (SHA256, KEY)


def test_empty_bytes_are_archived_too(zone: RawZone) -> None:
    archived = zone.archive(io.BytesIO(b""), arrival())
    assert (archived.bytes, archived.new) == (0, True)


def test_a_naive_time_of_receipt_is_refused(zone: RawZone, store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        zone.archive(io.BytesIO(CONTENT), arrival(received_at=datetime(2025, 3, 30)))
    assert keys(store) == []


def test_a_file_name_need_not_be_unicode(zone: RawZone) -> None:
    zone.archive(io.BytesIO(CONTENT), arrival(origin=os.fsdecode(b"compt\xff.csv")))
    assert receipts(zone)[0].origin == "compt\\udcff.csv"


def test_a_source_that_changes_while_it_is_read_is_refused(zone: RawZone, store: Store) -> None:
    class Growing(io.BytesIO):
        """Somebody writes to it between the two readings."""

        def seek(self, offset: int, whence: int = 0) -> int:
            super().seek(0, io.SEEK_END)
            self.write(b"one more row\n")
            return super().seek(offset, whence)

    with pytest.raises(SourceError) as error:
        zone.archive(Growing(CONTENT), arrival())
    assert "comptages.csv: changed while it was being read" in one_line(error)
    assert keys(store) == []
    assert zone.archive(io.BytesIO(CONTENT), arrival()).new


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_source_that_cannot_be_opened_is_refused(
    zone: RawZone, tmp_path: Path, name: str
) -> None:
    with pytest.raises(SourceError) as error:
        zone.archive(tmp_path / name, arrival())
    assert one_line(error).startswith("comptages.csv: cannot be read (")


def test_a_source_without_permission_is_refused(open_tmp: Path) -> None:
    source = open_tmp / "secret.csv"
    source.write_bytes(CONTENT)
    source.chmod(0)
    message = unprivileged(read_as_nobody, open_tmp / "output", source)
    assert message.startswith("comptages.csv: cannot be read (Permission denied)")


def test_bytes_without_provenance_are_left_out_and_mended(
    zone: RawZone, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    zone.archive(io.BytesIO(CONTENT), arrival())
    store.objects.delete(layout.raw_meta(KEY))
    with caplog.at_level(logging.WARNING):
        assert zone.entries("comptages") == []
    assert "without provenance" in caplog.text
    assert KEY in caplog.text
    later = arrival(received_at=NOW + timedelta(days=1))
    archived = RawZone(store).archive(io.BytesIO(CONTENT), later)
    assert (archived.key, archived.new) == (KEY, False)
    assert [receipt.received_at for receipt in receipts(zone)] == [NOW + timedelta(days=1)]


def test_a_claim_without_bytes_is_mended(zone: RawZone, store: Store) -> None:
    zone.archive(io.BytesIO(CONTENT), arrival())
    store.objects.delete(KEY)
    store.objects.delete(layout.raw_meta(KEY))
    archived = zone.archive(io.BytesIO(CONTENT), arrival(received_at=NOW + timedelta(days=1)))
    assert (archived.key, archived.new) == (KEY, True)


def test_provenance_outlives_its_bytes(zone: RawZone, store: Store) -> None:
    zone.archive(io.BytesIO(CONTENT), arrival())
    store.objects.delete(KEY)
    (entry,) = zone.entries("comptages")
    assert (entry.key, entry.meta.bytes) == (KEY, len(CONTENT))


def test_a_cut_object_is_mended_by_archiving_again(zone: RawZone, store: Store) -> None:
    zone.archive(io.BytesIO(CONTENT), arrival())
    store.objects.put(KEY, CONTENT[:100])
    archived = zone.archive(io.BytesIO(CONTENT), arrival(position=1))
    assert not archived.new
    assert store.objects.read(KEY) == CONTENT
    assert len(receipts(zone)) == 2


@pytest.mark.parametrize("with_meta", [True, False])
def test_a_new_database_finds_what_raw_holds(
    zone: RawZone, store: Store, tmp_path: Path, with_meta: bool
) -> None:
    zone.archive(io.BytesIO(CONTENT), arrival())
    same_start = f"raw/comptages/dt=2025-03-30/20250330T000000.000000Z-{SHA256[:12]}.csv"
    store.objects.put(same_start, b"other bytes, the same start of a digest")
    if not with_meta:
        store.objects.delete(layout.raw_meta(KEY))
    with Store(SqliteDocuments(tmp_path / "new.db"), store.objects) as renewed:
        later = arrival(received_at=NOW + timedelta(days=1))
        archived = RawZone(renewed).archive(io.BytesIO(CONTENT), later)
    assert (archived.key, archived.new) == (KEY, False)
    assert len(receipts(zone)) == (2 if with_meta else 1)


def test_provenance_of_a_newer_program_is_refused(zone: RawZone, store: Store) -> None:
    zone.archive(io.BytesIO(CONTENT), arrival())
    store.objects.put(layout.raw_meta(KEY), b'{"schema_version":2}')
    with pytest.raises(UnknownSchemaVersion, match=r"object raw/.*meta.json"):
        zone.entries("comptages")
    store.objects.put(layout.raw_meta(KEY), b"\x00")
    with pytest.raises(StoreUnavailable, match=r"object raw/.*meta.json: not a"):
        zone.archive(io.BytesIO(CONTENT), arrival())
    store.objects.put(layout.raw_meta(KEY), b'{"schema_version":1}')
    with pytest.raises(StoreUnavailable, match=r"meta.json: not a CityFlow document \(dataset: "):
        zone.entries("comptages")


def test_threads_that_archive_the_same_bytes_store_them_once(zone: RawZone, store: Store) -> None:
    def archive(number: int) -> bool:
        at = NOW + timedelta(seconds=number)
        return zone.archive(io.BytesIO(CONTENT), arrival(received_at=at)).new

    assert in_threads(8, archive).count(True) == 1
    assert len(receipts(zone)) == 8
    assert len(keys(store)) == 2


def test_another_archiver_may_be_faster_at_the_last_moment(store: Store, tmp_path: Path) -> None:
    class Overtaken(SqliteDocuments):
        """Another archives the same bytes between this one's look at the claim and its write."""

        def put_if(self, id: DocumentId, body: Mapping[str, Any], version: int) -> int:
            RawZone(store).archive(io.BytesIO(CONTENT), arrival())
            return super().put_if(id, body, version)

    with closing(Overtaken(tmp_path / "cityflow.db")) as documents:
        slower = RawZone(Store(documents, store.objects))
        later = arrival(received_at=NOW + timedelta(hours=1))
        archived = slower.archive(io.BytesIO(CONTENT), later)
    assert (archived.key, archived.new) == (KEY, False)
    assert len(receipts(slower)) == 2


def test_processes_that_archive_the_same_bytes_store_them_once(
    zone: RawZone, store: Store, tmp_path: Path
) -> None:
    assert sum(in_processes(4, archive_in_process, tmp_path, 10)) == 1
    assert len(receipts(zone)) == 40
    assert len(keys(store)) == 2


def test_a_kill_is_mended_by_archiving_again(tmp_path: Path, store: Store) -> None:
    for round in range(4):
        start = round * 20_000
        assert list(killed(archive_for_ever, tmp_path, start, after=0.03 + round / 50)) == ["ready"]
        zone = RawZone(store)
        before = {entry.meta.sha256: entry for entry in zone.entries("comptages")}
        for number in range(start, start + 16):
            zone.archive(io.BytesIO(b"%d" % (number // 2)), arrival(position=number))
        after = {entry.meta.sha256: entry for entry in zone.entries("comptages")}
        assert before.keys() <= after.keys()
        for sha256, entry in after.items():
            with zone.open(entry.key) as stream:
                assert hashlib.file_digest(stream, "sha256").hexdigest() == sha256  # type: ignore[arg-type]
        assert len(keys(store)) <= 2 * len(after) + round + 1


def test_a_source_is_read_in_blocks(zone: RawZone) -> None:
    class Measured(io.BytesIO):
        """Never asked for more than a block."""

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 < size <= 16 << 20
            return super().read(size)

    assert zone.archive(Measured(bytes(40 << 20)), arrival()).bytes == 40 << 20
