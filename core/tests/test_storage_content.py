"""The same content in another packing is stored once; files outside the store are verified."""

import gzip
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from cityflow.contracts import RawMeta
from cityflow.errors import ObjectNotFound, SourceError
from cityflow.storage import NewRaw, RawZone, Store, first_meta, layout
from cityflow.storage.local import LocalObjects
from cityflow.storage.sqlite import SqliteDocuments

NOW = datetime(2025, 3, 30, 23, 30, tzinfo=UTC)
CONTENT = b"iu_ac;libelle;t_1h\n" * 1000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "store"
    with Store(SqliteDocuments(folder / "cityflow.db"), LocalObjects(folder)) as store:
        yield store


@pytest.fixture
def zone(store: Store) -> RawZone:
    return RawZone(store)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    path.write_bytes(CONTENT)
    return path


def arrival(hours: int = 0, **fields: Any) -> NewRaw:
    values: dict[str, Any] = {
        "dataset": "comptages",
        "extension": "csv.gz",
        "media": "csv",
        "packing": "gzip",
        "synthetic": False,
        "origin": "source",
        "position": 0,
        "received_at": NOW + timedelta(hours=hours),
        "content_sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    return NewRaw(**{**values, **fields})


def packed(mtime: int) -> bytes:
    return gzip.compress(CONTENT, mtime=mtime)


def objects(store: Store) -> list[str]:
    return [i.key for i in store.objects.list("raw/") if not i.key.endswith(".meta.json")]


def described(path: Path) -> RawMeta:
    meta = arrival(extension="csv", packing="plain")
    return first_meta(meta, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


def test_the_same_content_packed_anew_is_one_object_and_two_receipts(
    store: Store, zone: RawZone
) -> None:
    first = zone.archive(BytesIO(packed(1)), arrival())
    again = zone.archive(BytesIO(packed(2)), arrival(1))

    assert (first.new, again.new) == (True, False)
    assert again.key == first.key
    assert objects(store) == [first.key]
    (entry,) = zone.entries("comptages")
    assert entry.meta.content_sha256 == hashlib.sha256(CONTENT).hexdigest()
    arrived = [receipt.sha256 for receipt in entry.meta.receipts]
    assert arrived == [None, hashlib.sha256(packed(2)).hexdigest()]


def test_plain_and_packed_bytes_of_one_content_are_one_object(store: Store, zone: RawZone) -> None:
    zone.archive(BytesIO(packed(1)), arrival())
    plain = zone.archive(BytesIO(CONTENT), arrival(1, extension="csv", packing="plain"))

    assert not plain.new
    assert len(objects(store)) == 1


def test_other_content_is_another_object(store: Store, zone: RawZone) -> None:
    zone.archive(BytesIO(packed(1)), arrival())
    zone.archive(BytesIO(gzip.compress(b"other", mtime=1)), arrival(1, content_sha256="0" * 64))

    assert len(objects(store)) == 2


def test_a_kill_before_the_bytes_leaves_no_claim_that_counts(store: Store, zone: RawZone) -> None:
    first = zone.archive(BytesIO(packed(1)), arrival())
    for info in list(store.objects.list("raw/")):
        store.objects.delete(info.key)
    again = zone.archive(BytesIO(packed(2)), arrival(1))

    assert again.new
    assert objects(store) == [again.key] != [first.key]
    assert not zone.archive(BytesIO(packed(3)), arrival(2)).new


def test_a_kill_before_the_receipt_is_mended_by_other_bytes_of_the_content(
    store: Store, zone: RawZone
) -> None:
    first = zone.archive(BytesIO(packed(1)), arrival())
    store.objects.delete(layout.raw_meta(first.key))
    again = zone.archive(BytesIO(packed(2)), arrival(1))

    assert not again.new
    (entry,) = zone.entries("comptages")
    assert (entry.key, entry.meta.sha256) == (first.key, first.sha256)
    assert entry.meta.bytes == len(packed(1))


def test_a_cut_object_is_not_taken_for_the_content(store: Store, zone: RawZone) -> None:
    first = zone.archive(BytesIO(packed(1)), arrival())
    store.objects.put(first.key, packed(1)[:50])

    assert zone.archive(BytesIO(packed(2)), arrival(1)).new


def test_a_registered_file_is_an_entry_and_read_where_it_lies(
    store: Store, zone: RawZone, path: Path
) -> None:
    assert zone.outside.register(path, described(path))
    (entry,) = zone.entries("comptages")

    with zone.open(entry.key) as stream:
        assert stream.read() == CONTENT
    assert zone.size(entry.key) == len(CONTENT)
    assert objects(store) == []
    assert store.documents.types() == ["outside"]
    assert zone.entries("bikes") == []


def test_registered_again_it_is_one_file_with_two_receipts_at_the_new_place(
    zone: RawZone, path: Path
) -> None:
    zone.outside.register(path, described(path))
    moved = path.rename(path.with_name("moved.csv"))
    later = first_meta(arrival(5), described(moved).sha256, len(CONTENT))
    assert not zone.outside.register(moved, later)

    (file,) = zone.outside.files()
    assert file.path == str(moved)
    assert [receipt.received_at.hour for receipt in file.meta.receipts] == [23, 4]


def test_stored_bytes_replace_their_registration_and_keep_its_receipts(
    zone: RawZone, path: Path
) -> None:
    zone.outside.register(path, described(path))
    stored = zone.archive(path, arrival(3, extension="csv", packing="plain"))

    (entry,) = zone.entries("comptages")
    assert entry.key == stored.key
    assert [receipt.received_at.hour for receipt in entry.meta.receipts] == [23, 2]
    assert zone.outside.files() == []
    assert zone.holds("comptages", stored.sha256)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (CONTENT + b"x", "holds 19,001 bytes, 19,000 were registered"),
        (CONTENT[:-1] + b"x", "holds other bytes than were registered"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_file_that_is_not_what_was_registered_is_refused(
    zone: RawZone, path: Path, content: bytes | None, found: str
) -> None:
    zone.outside.register(path, described(path))
    (entry,) = zone.entries("comptages")
    path.write_bytes(content) if content else path.unlink()

    with pytest.raises(SourceError) as refused, zone.open(entry.key):
        pass
    assert str(path) in str(refused.value)
    assert found in str(refused.value)


def test_a_file_that_changes_while_it_is_read_is_refused(zone: RawZone, path: Path) -> None:
    zone.outside.register(path, described(path))
    (entry,) = zone.entries("comptages")

    with pytest.raises(SourceError, match="changed while"), zone.open(entry.key) as stream:
        stream.read()
        os.utime(path, (1, 1))


def test_a_forgotten_file_is_no_entry(zone: RawZone, path: Path) -> None:
    zone.outside.register(path, described(path))
    (entry,) = zone.entries("comptages")
    zone.outside.forget(entry.meta.sha256)

    assert zone.entries("comptages") == []
    with pytest.raises(ObjectNotFound), zone.open(entry.key):
        pass
