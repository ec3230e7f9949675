"""The contract of the port Documents: every adapter passes all of it.

A test module of an adapter derives a class from DocumentsContract and gives one fixture, `reopen`.
"""

import math
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest
from contract_support import in_processes, in_threads, killed
from contract_writers import (
    DAY,
    ID,
    LIMIT,
    Reopen,
    body,
    create_in_process,
    increment,
    increment_in_process,
    sized,
    write_for_ever,
)

from cityflow.errors import (
    BadArguments,
    DocumentTooLarge,
    UnknownSchemaVersion,
    VersionConflict,
)
from cityflow.storage import Document, DocumentId, Documents


def walk(documents: Documents, type: str, limit: int, **options: Any) -> list[Document]:
    """All documents of a query, page by page."""
    found: list[Document] = []
    cursor: str | None = None
    while True:
        page = documents.query(type, limit=limit, cursor=cursor, **options)
        assert len(page.items) <= limit
        found += page.items
        if page.cursor is None:
            return found
        assert len(page.items) == limit
        cursor = page.cursor


def fill(documents: Documents, type: str, count: int) -> list[DocumentId]:
    """`count` documents written in disorder; their ids in order."""
    ids = [DocumentId(type, DAY + timedelta(n // 7), f"k{n % 7}") for n in range(count)]
    for id in random.Random(count).sample(ids, count):
        documents.put_if(id, body(key=id.key), 0)
    return ids


class DocumentsContract:
    """Derive, and give the fixture `reopen`."""

    @pytest.fixture
    def reopen(self) -> Reopen:
        """Opens the same store, empty at first; can be pickled for other processes."""
        raise NotImplementedError

    @pytest.fixture
    def documents(self, reopen: Reopen) -> Iterator[Documents]:
        with closing(reopen()) as documents:
            yield documents

    def test_what_is_absent_is_none_and_can_be_deleted(self, documents: Documents) -> None:
        assert documents.get(ID) is None
        documents.delete(ID)
        assert documents.query("pointer/comptages").items == ()
        assert documents.types() == []

    def test_put_counts_versions(self, documents: Documents) -> None:
        assert documents.put(ID, body(a=1)) == 1
        assert documents.put(ID, body(a=2)) == 2
        assert documents.get(ID) == Document(ID, 2, body(a=2))

    def test_put_if_writes_only_over_the_expected_version(self, documents: Documents) -> None:
        with pytest.raises(VersionConflict):
            documents.put_if(ID, body(a=0), 3)
        assert documents.put_if(ID, body(a=1), 0) == 1
        with pytest.raises(VersionConflict):
            documents.put_if(ID, body(a=9), 0)
        assert documents.put_if(ID, body(a=2), 1) == 2
        with pytest.raises(VersionConflict):
            documents.put_if(ID, body(a=9), 1)
        assert documents.get(ID) == Document(ID, 2, body(a=2))

    @pytest.mark.parametrize("version", [1, 7, 2**40])
    def test_restore_writes_the_version_that_it_is_given(
        self, documents: Documents, version: int
    ) -> None:
        documents.restore(Document(ID, version, body(a=1)), over=0)
        assert documents.get(ID) == Document(ID, version, body(a=1))
        assert documents.put_if(ID, body(a=2), version) == version + 1
        with pytest.raises(VersionConflict):
            documents.put_if(ID, body(a=9), version)
        assert documents.put(ID, body(a=3)) == version + 2
        assert documents.query(ID.type).items == (Document(ID, version + 2, body(a=3)),)

    def test_restore_writes_only_over_the_expected_version(self, documents: Documents) -> None:
        with pytest.raises(VersionConflict):
            documents.restore(Document(ID, 5, body(a=1)), over=4)
        assert documents.get(ID) is None
        documents.restore(Document(ID, 5, body(a=1)), over=0)
        for over in (0, 4, 6):
            with pytest.raises(VersionConflict):
                documents.restore(Document(ID, 9, body(a=9)), over=over)
        assert documents.get(ID) == Document(ID, 5, body(a=1))
        documents.restore(Document(ID, 2, body(a=0)), over=5)
        assert documents.get(ID) == Document(ID, 2, body(a=0))

    def test_restore_refuses_what_a_write_refuses(self, documents: Documents) -> None:
        for version in (0, -1):
            with pytest.raises(ValueError, match="version"):
                documents.restore(Document(ID, version, body()), over=0)
        with pytest.raises(ValueError):
            documents.restore(Document(ID, 1, body(value=math.nan)), over=0)
        with pytest.raises(ValueError, match="schema_version"):
            documents.restore(Document(ID, 1, {}), over=0)
        with pytest.raises(ValueError, match="printable"):
            documents.restore(Document(DocumentId("", DAY, "key"), 1, body()), over=0)
        with pytest.raises(DocumentTooLarge):
            documents.restore(Document(ID, 1, sized(LIMIT + 1)), over=0)
        documents.restore(Document(ID, 1, sized(LIMIT)), over=0)
        assert documents.get(ID) == Document(ID, 1, sized(LIMIT))

    def test_of_many_threads_that_restore_one_wins(self, documents: Documents) -> None:
        def restore(number: int) -> bool:
            try:
                documents.restore(Document(ID, 3 + number, body(by=number)), over=0)
            except VersionConflict:
                return False
            return True

        won = in_threads(8, restore)
        assert won.count(True) == 1
        winner = won.index(True)
        assert documents.get(ID) == Document(ID, 3 + winner, body(by=winner))

    def test_a_deleted_document_is_gone(self, documents: Documents) -> None:
        documents.put(ID, body())
        documents.put(ID, body())
        documents.delete(ID)
        assert documents.get(ID) is None
        with pytest.raises(VersionConflict):
            documents.put_if(ID, body(), 2)
        assert documents.put_if(ID, body(), 0) == 1

    def test_many_are_deleted_and_no_others(self, documents: Documents) -> None:
        ids = fill(documents, "run", 70)
        other = DocumentId("edition/comptages", DAY, "k0")
        documents.put(other, body())
        gone = [*ids[5:63], other, *ids[5:8], DocumentId("none", DAY, "k0")]
        documents.delete_many(gone)
        assert [found.id for found in walk(documents, "run", 100)] == [*ids[:5], *ids[63:]]
        assert documents.types() == ["run"]
        documents.delete_many(gone)
        documents.delete_many([])
        assert documents.put_if(ids[5], body(), 0) == 1

    def test_another_opening_sees_what_was_written(
        self, documents: Documents, reopen: Reopen
    ) -> None:
        documents.put(ID, body(a=1))
        with closing(reopen()) as other:
            assert other.get(ID) == Document(ID, 1, body(a=1))

    @pytest.mark.parametrize(
        "value",
        [
            *(0, 1, -1, 2**53 + 1, 2**63, 2**70, -(2**200), True, False, None),
            *(0.0, 1.0, -1.5, 0.1, 1e22, 1e300, 5e-324, 1.7976931348623157e308, 100.0),
            *("", "1", "NaN", "été à Paris", "🚲", "e\u0301", '\u0000\u001f"\\/', " x "),
            *([], {}, [1, 1.0, "1", [None, {"a": {}}]], {"": 0, "$set": 1, "a.b": 2, "ß": 3}),
        ],
        ids=repr,
    )
    def test_values_come_back_equal_and_of_the_same_type(
        self, documents: Documents, value: Any
    ) -> None:
        documents.put(ID, body(value=value))
        held = documents.get(ID)
        assert held is not None
        assert held.body == body(value=value)
        assert repr(held.body["value"]) == repr(value)

    def test_a_negative_zero_keeps_its_sign(self, documents: Documents) -> None:
        documents.put(ID, body(value=-0.0))
        held = documents.get(ID)
        assert held is not None
        assert math.copysign(1, held.body["value"]) == -1

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "\ud800"], ids=repr)
    def test_what_json_cannot_say_is_refused(self, documents: Documents, value: Any) -> None:
        for write in (documents.put, lambda id, body: documents.put_if(id, body, 0)):
            with pytest.raises(ValueError):
                write(ID, body(deep=[{"value": value}]))
        assert documents.get(ID) is None

    @pytest.mark.parametrize("version", [None, "1", 1.0, True, 0])
    def test_a_body_needs_a_schema_version(self, documents: Documents, version: Any) -> None:
        with pytest.raises(ValueError, match="schema_version"):
            documents.put(ID, {"schema_version": version})
        with pytest.raises(ValueError, match="schema_version"):
            documents.put_if(ID, {}, 0)

    def test_a_newer_schema_version_is_refused_on_read(self, documents: Documents) -> None:
        documents.put(ID, {"schema_version": 2})
        with pytest.raises(UnknownSchemaVersion, match=r"schema_version 2 .* upgrade"):
            documents.get(ID)
        with pytest.raises(UnknownSchemaVersion):
            documents.query(ID.type)

    def test_the_limit_is_256_kib_of_utf8_to_the_byte(self, documents: Documents) -> None:
        assert documents.put(ID, sized(LIMIT)) == 1
        held = documents.get(ID)
        assert held is not None
        assert held.body == sized(LIMIT)
        with pytest.raises(DocumentTooLarge, match="262,145"):
            documents.put(ID, sized(LIMIT + 1))
        with pytest.raises(DocumentTooLarge):
            documents.put_if(ID, sized(LIMIT + 1), 1)
        assert documents.get(ID) == held

    @pytest.mark.parametrize("name", ["", "a\nb", "a\u0000", "\ud800", "x" * 513, "é" * 257])
    def test_names_that_some_backend_could_not_hold_are_refused(
        self, documents: Documents, name: str
    ) -> None:
        for id in (DocumentId(name, DAY, "key"), DocumentId("type", DAY, name)):
            with pytest.raises(ValueError, match="printable"):
                documents.put(id, body())

    def test_unicode_and_long_names(self, documents: Documents) -> None:
        names = ["é", "e\u0301", "日本 語", "🚲", "a/b#c$d.e|f%", "x" * 512]
        for number, name in enumerate(names):
            documents.put(DocumentId(name, DAY, name), body(number=number))
        for number, name in enumerate(names):
            held = documents.get(DocumentId(name, DAY, name))
            assert held == Document(DocumentId(name, DAY, name), 1, body(number=number))
        assert documents.types() == sorted(names)

    def test_a_query_is_ordered_by_day_then_key_in_utf8(self, documents: Documents) -> None:
        keys = ["A", "Z", "a", "a!", "aa", "b", "é", "日", "\ufffd", "\U00010000", "🚲"]
        days = [date(1999, 12, 31), date(2024, 2, 29), DAY]
        ids = [DocumentId("run", day, key) for day in days for key in keys]
        for id in random.Random(7).sample(ids, len(ids)):
            documents.put(id, body())
        assert [found.id for found in walk(documents, "run", 100)] == ids
        assert [found.id for found in walk(documents, "run", 4)] == ids
        backwards = walk(documents, "run", 4, descending=True)
        assert [found.id for found in backwards] == ids[::-1]

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("limit", [10, 100])
    def test_a_query_keeps_to_its_days(
        self, documents: Documents, limit: int, descending: bool
    ) -> None:
        ids = fill(documents, "run", 70)
        fill(documents, "other", 7)

        def found(**days: date) -> list[DocumentId]:
            pages = walk(documents, "run", limit, descending=descending, **days)
            return [document.id for document in (pages[::-1] if descending else pages)]

        for first, last in ((2, 4), (0, 0), (3, 3), (5, 9), (9, 9), (8, 20), (-5, 1), (4, 2)):
            one, other = DAY + timedelta(first), DAY + timedelta(last)
            assert found(first=one, last=other) == [id for id in ids if one <= id.day <= other]
            assert found(first=one) == [id for id in ids if one <= id.day]
            assert found(last=other) == [id for id in ids if id.day <= other]
        assert found(first=date.min, last=date.max) == ids

    def test_a_query_keeps_to_its_type(self, documents: Documents) -> None:
        types = ["run", "run/x", "running", "ru", "Run"]
        for type in types:
            documents.put(DocumentId(type, DAY, "key"), body(type=type))
        for type in types:
            assert [found.body["type"] for found in documents.query(type).items] == [type]
        assert documents.types() == sorted(types)
        documents.delete(DocumentId("ru", DAY, "key"))
        assert documents.types() == ["Run", "run", "run/x", "running"]

    @pytest.mark.parametrize("limit", [1, 7, 30, 31, 1000])
    @pytest.mark.parametrize("descending", [False, True])
    def test_pages_of_any_size_hold_everything_once(
        self, documents: Documents, limit: int, descending: bool
    ) -> None:
        ids = fill(documents, "run", 30)
        found = walk(documents, "run", limit, descending=descending)
        assert [document.id for document in found] == (ids[::-1] if descending else ids)

    def test_more_than_a_thousand_documents(self, documents: Documents) -> None:
        ids = fill(documents, "run", 1203)
        assert [found.id for found in walk(documents, "run", 500)] == ids
        assert [found.id for found in documents.query("run", limit=1203).items] == ids

    def test_a_page_of_large_documents(self, documents: Documents) -> None:
        ids = [DocumentId("run", DAY, f"{n:02d}") for n in range(20)]
        for id in ids:
            documents.put(id, sized(LIMIT))
        page = documents.query("run", limit=20)
        assert [found.id for found in page.items] == ids
        assert page.cursor is None

    def test_a_cursor_survives_writes_between_pages(self, documents: Documents) -> None:
        ids = fill(documents, "run", 14)
        page = documents.query("run", limit=5)
        documents.delete(ids[4])
        documents.put(DocumentId("run", DAY, "a"), body())
        later = DocumentId("run", DAY, "k4x")
        documents.put(later, body())
        rest = documents.query("run", limit=100, cursor=page.cursor)
        assert [found.id for found in rest.items] == [later, *ids[5:]]

    @pytest.mark.parametrize("cursor", ["", "x", "é", "bnVsbA", "WzEsMl0", "WyJ4IiwgImEiXQ"])
    def test_a_cursor_of_nobody_is_refused(self, documents: Documents, cursor: str) -> None:
        with pytest.raises(BadArguments, match="cursor"):
            documents.query("run", cursor=cursor)

    @pytest.mark.parametrize("limit", [0, -1])
    def test_a_page_holds_at_least_one(self, documents: Documents, limit: int) -> None:
        with pytest.raises(ValueError, match="limit"):
            documents.query("run", limit=limit)

    def test_of_many_threads_that_create_one_wins(self, documents: Documents) -> None:
        def create(number: int) -> bool:
            try:
                documents.put_if(ID, body(by=number), 0)
            except VersionConflict:
                return False
            return True

        won = in_threads(16, create)
        assert won.count(True) == 1
        assert documents.get(ID) == Document(ID, 1, body(by=won.index(True)))

    def test_threads_lose_no_update(self, documents: Documents) -> None:
        in_threads(8, lambda _: increment(documents, ID, 10))
        assert documents.get(ID) == Document(ID, 80, body(count=80))

    def test_put_in_threads_gives_each_its_version(self, documents: Documents) -> None:
        versions = in_threads(8, lambda n: [documents.put(ID, body(by=n)) for _ in range(10)])
        assert sorted(v for each in versions for v in each) == list(range(1, 81))

    def test_of_many_processes_that_create_one_wins(
        self, documents: Documents, reopen: Reopen
    ) -> None:
        won = in_processes(4, create_in_process, reopen)
        assert won.count(True) == 1
        assert documents.get(ID) == Document(ID, 1, body(by=won.index(True)))

    def test_processes_lose_no_update(self, documents: Documents, reopen: Reopen) -> None:
        in_processes(4, increment_in_process, reopen, 25)
        assert documents.get(ID) == Document(ID, 100, body(count=100))

    @pytest.mark.parametrize("after", [0.0, 0.05, 0.13])
    def test_a_killed_writer_loses_nothing_it_was_told(
        self, documents: Documents, reopen: Reopen, after: float
    ) -> None:
        *_, told = killed(write_for_ever, reopen, after=after)
        held = documents.get(ID)
        assert held is not None
        assert held.version in (told, told + 1)
        assert documents.put(ID, body()) == held.version + 1
