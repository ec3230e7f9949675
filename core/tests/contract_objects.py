"""The contract of the port Objects: every adapter passes all of it.

A test module of an adapter derives a class from ObjectsContract and gives one fixture, `reopen`.
"""

import hashlib
import io
import random
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import pytest
from contract_support import in_processes, in_threads, killed

from cityflow.errors import ObjectNotFound
from cityflow.storage import ObjectInfo, Objects

Reopen = Callable[[], Objects]

KEY = "metrics/comptages/dt=2025-03-30/3f0c2d9a1b7e4f508c6d/arcs.parquet"
MIB = 1 << 20
NOT_KEYS = [
    *(
        "",
        "/",
        "a",
        "a/",
        "/a",
        "/a/b",
        "a//b",
        "a/b/",
        "./a",
        "a/.",
        "..",
        "../a",
        "a/..",
        "a/../b",
    ),
    *("a/.hidden", ".a/b", "a\\b/c", "a/b\\..", "a/b\u0000", "a/b\n", "a/\x7f", "a/\ud800"),
    *("a/" + "x" * 256, "a/" + "é" * 128, "/".join(["x" * 100] * 11)),
]


class Generated(io.BytesIO):
    """A stream of pseudo-random bytes that cannot seek; its blocks are asked for in measure."""

    def __init__(self, size: int, fail_at: int | None = None) -> None:
        super().__init__()
        self._left = size
        self._fail_at = fail_at
        self._block = random.Random(size).randbytes(MIB)
        self.sha256 = hashlib.sha256()

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert 0 < size <= 16 * MIB, "a stream is read in blocks, never as a whole"
        if self._fail_at is not None and self._left <= self._fail_at:
            raise ConnectionResetError("the source went away")
        block = self._block[: min(size, self._left)]
        self._left -= len(block)
        self.sha256.update(block)
        return block


def put_in_process(number: int, reopen: Reopen) -> bool:
    return reopen().put_if_absent(KEY, b"%d" % number * MIB)


def add_in_process(_: int, reopen: Reopen, times: int) -> None:
    add(reopen(), times)


def add(objects: Objects, times: int) -> None:
    """Add to a counter by compare and replace until each addition went in."""
    for _ in range(times):
        while True:
            content, tag = objects.read_tagged(KEY)
            if objects.put_if_tag(KEY, b"%d" % (int(content) + 1), tag):
                break


def write_for_ever(pipe: Connection, reopen: Reopen) -> None:
    objects = reopen()
    objects.put(KEY, b"0" * 4 * MIB)
    pipe.send("ready")
    number = 0
    while True:
        number += 1
        objects.put(KEY, io.BytesIO(b"%d" % (number % 10) * 4 * MIB))
        objects.put_if_absent(f"{KEY}.{number}", b"x" * MIB)


class ObjectsContract:
    """Derive, and give the fixture `reopen`."""

    large_bytes = 64 * MIB

    @pytest.fixture
    def reopen(self) -> Reopen:
        """Opens the same store, empty at first; can be pickled for other processes."""
        raise NotImplementedError

    @pytest.fixture
    def objects(self, reopen: Reopen) -> Objects:
        return reopen()

    @pytest.mark.parametrize("durable", [True, False])
    @pytest.mark.parametrize("content", [b"", b"x", b"\x00\xff\r\n" * 1000])
    def test_what_is_put_is_read(self, objects: Objects, content: bytes, durable: bool) -> None:
        objects.put(KEY, content, durable=durable)
        assert objects.read(KEY) == content
        assert objects.size(KEY) == len(content)
        assert list(objects.list("")) == [ObjectInfo(KEY, len(content))]

    def test_put_replaces(self, objects: Objects, reopen: Reopen) -> None:
        objects.put(KEY, b"a longer one")
        objects.put(KEY, io.BytesIO(b"new"))
        assert reopen().read(KEY) == b"new"

    @pytest.mark.parametrize("durable", [True, False])
    def test_put_if_absent_keeps_the_first(self, objects: Objects, durable: bool) -> None:
        assert objects.put_if_absent(KEY, io.BytesIO(b"first"), durable=durable)
        assert not objects.put_if_absent(KEY, b"second", durable=durable)
        assert objects.read(KEY) == b"first"

    def test_what_is_absent_is_said_so(self, objects: Objects) -> None:
        objects.put(KEY, b"x")
        for key in ("metrics/other", f"{KEY}/below", KEY.rpartition("/")[0]):
            with pytest.raises(ObjectNotFound, match=key), objects.open(key):
                pass
            with pytest.raises(ObjectNotFound):
                objects.read(key)
            with pytest.raises(ObjectNotFound):
                objects.read_range(key, 0, 1)
            with pytest.raises(ObjectNotFound):
                objects.read_into(key, 0, bytearray(1))
            with pytest.raises(ObjectNotFound):
                objects.read_tagged(key)
            assert objects.size(key) is None
            assert not objects.put_if_tag("metrics/other", b"", "tag")

    def test_delete(self, objects: Objects) -> None:
        objects.put(KEY, b"x")
        objects.delete(KEY)
        objects.delete(KEY)
        assert objects.size(KEY) is None
        assert list(objects.list("")) == []
        assert objects.put_if_absent(KEY, b"y")

    def test_open_gives_a_seekable_stream(self, objects: Objects) -> None:
        objects.put(KEY, b"0123456789")
        with objects.open(KEY) as stream:
            assert stream.seekable()
            assert stream.read(3) == b"012"
            assert stream.tell() == 3
            stream.seek(-2, io.SEEK_END)
            assert stream.read() == b"89"
            stream.seek(0)
            assert stream.readline() == b"0123456789"
        assert stream.closed

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [
            *((0, 10, b"0123456789"), (0, 99, b"0123456789"), (3, 4, b"3456"), (9, 1, b"9")),
            *((9, 5, b"9"), (10, 5, b""), (99, 5, b""), (4, 0, b"")),
        ],
    )
    def test_range_reads(self, objects: Objects, start: int, length: int, expected: bytes) -> None:
        objects.put(KEY, b"0123456789")
        assert objects.read_range(KEY, start, length) == expected
        buffer = bytearray(b"x" * length)
        assert objects.read_into(KEY, start, buffer) == len(expected)
        assert buffer == expected.ljust(length, b"x")

    def test_a_negative_range_is_refused(self, objects: Objects) -> None:
        objects.put(KEY, b"0123456789")
        for start, length in ((-1, 2), (0, -1)):
            with pytest.raises(ValueError, match="negative"):
                objects.read_range(KEY, start, length)

    def test_put_if_tag_replaces_only_what_was_read(self, objects: Objects) -> None:
        objects.put(KEY, b"old")
        content, tag = objects.read_tagged(KEY)
        assert content == b"old"
        assert objects.put_if_tag(KEY, b"new", tag)
        assert not objects.put_if_tag(KEY, b"newer", tag)
        assert objects.read(KEY) == b"new"

    def test_a_list_is_ordered_by_key(self, objects: Objects) -> None:
        names = ["a", "a.b", "a/b", "a/b.c", "a/b/c", "a0", "b", "Z", "é", "日", "\ufffd", "🚲"]
        keys = [f"{top}/{name}" for top in ("metrics", "raw", "r", "raw0") for name in names]
        taken = [key for key in keys if not any(other.startswith(f"{key}/") for other in keys)]
        for number, key in enumerate(random.Random(3).sample(taken, len(taken))):
            objects.put(key, b"x" * number, durable=False)
        listed = [info.key for info in objects.list("")]
        assert listed == sorted(taken)
        for prefix in (
            "raw/",
            "raw",
            "r",
            "raw/a",
            "raw/a/",
            "raw/a/b",
            "metrics/é",
            "x",
            "raw/x/y",
        ):
            found = [info.key for info in objects.list(prefix)]
            assert found == [key for key in sorted(taken) if key.startswith(prefix)], prefix

    def test_more_than_a_thousand_objects(self, objects: Objects) -> None:
        keys = [f"parts/velib/dt=2025-01-01/{n:05d}" for n in range(1203)]
        for key in keys:
            objects.put(key, b"x", durable=False)
        assert [info.key for info in objects.list("parts/velib/dt=2025-01-01/")] == keys

    @pytest.mark.parametrize("key", NOT_KEYS)
    def test_what_is_no_key_is_refused(self, objects: Objects, key: str) -> None:
        for use in (
            lambda: objects.put(key, b""),
            lambda: objects.put_if_absent(key, b""),
            lambda: objects.put_if_tag(key, b"", ""),
            lambda: objects.read(key),
            lambda: objects.read_range(key, 0, 1),
            lambda: objects.read_into(key, 0, bytearray(1)),
            lambda: objects.open(key).__enter__(),
            lambda: objects.size(key),
            lambda: objects.delete(key),
            lambda: objects.uri(key),
        ):
            with pytest.raises(ValueError, match="object key"):
                use()

    @pytest.mark.parametrize("prefix", ["/", "/a", "../", "a/../", "a//", "a\\", "a/.b", "\n"])
    def test_what_is_no_prefix_is_refused(self, objects: Objects, prefix: str) -> None:
        with pytest.raises(ValueError, match="object prefix"):
            list(objects.list(prefix))

    @pytest.mark.parametrize(
        "key",
        [
            *("raw/é/ß.csv", "raw/e\u0301/x", "raw/日本 語/🚲", "raw/a b/c=d&e+f%20#g?h~i'j\"k"),
            *(
                "raw/" + "x" * 255,
                "raw/" + "é" * 127,
                "/".join(["y" * 100] * 10),
                "raw/x.meta.json",
            ),
        ],
        ids=lambda key: key[:12],
    )
    def test_unicode_and_long_keys(self, objects: Objects, key: str) -> None:
        objects.put(key, key.encode())
        assert objects.read(key) == key.encode()
        assert [info.key for info in objects.list(key[:4])] == [key]
        assert objects.uri(key)

    def test_a_large_object_is_streamed(self, objects: Objects) -> None:
        size = self.large_bytes
        source = Generated(size)
        objects.put(KEY, source)
        assert objects.size(KEY) == size
        with objects.open(KEY) as stream:
            sha256 = hashlib.sha256()
            while block := stream.read(MIB):
                sha256.update(block)
            assert sha256.digest() == source.sha256.digest()
            stream.seek(size - 5)
            tail = stream.read()
        assert objects.read_range(KEY, size - 5, 99) == tail
        assert len(tail) == 5

    def test_a_source_that_fails_leaves_nothing(self, objects: Objects) -> None:
        for key, put in (("raw/a/put", objects.put), ("raw/a/absent", objects.put_if_absent)):
            with pytest.raises(ConnectionResetError):
                put(key, Generated(20 * MIB, fail_at=2 * MIB))
            assert objects.size(key) is None
        objects.put(KEY, b"old")
        with pytest.raises(ConnectionResetError):
            objects.put(KEY, Generated(20 * MIB, fail_at=2 * MIB))
        assert objects.read(KEY) == b"old"
        assert [info.key for info in objects.list("")] == [KEY]

    def test_of_many_threads_that_create_one_wins(self, objects: Objects) -> None:
        won = in_threads(8, lambda n: objects.put_if_absent(KEY, b"%d" % n * MIB))
        assert won.count(True) == 1
        assert objects.read(KEY) == b"%d" % won.index(True) * MIB

    def test_of_many_processes_that_create_one_wins(self, objects: Objects, reopen: Reopen) -> None:
        won = in_processes(4, put_in_process, reopen)
        assert won.count(True) == 1
        assert objects.read(KEY) == b"%d" % won.index(True) * MIB

    def test_compare_and_replace_loses_no_update(self, objects: Objects, reopen: Reopen) -> None:
        objects.put(KEY, b"0")
        in_threads(4, lambda _: add(objects, 10))
        in_processes(3, add_in_process, reopen, 10)
        assert objects.read(KEY) == b"70"

    def test_a_reader_sees_the_old_or_the_new(self, objects: Objects) -> None:
        objects.put(KEY, b"0" * MIB, durable=False)
        done = threading.Event()

        def write() -> int:
            for number in range(60):
                objects.put(KEY, b"%d" % (number % 10) * MIB, durable=False)
            done.set()
            return 0

        def read() -> Iterator[bytes]:
            while not done.is_set():
                yield objects.read(KEY)
                with objects.open(KEY) as stream:
                    yield stream.read()

        def count_torn() -> int:
            return sum(1 for content in read() if content != content[:1] * MIB)

        assert in_threads(3, lambda n: count_torn() if n else write()) == [0, 0, 0]

    @pytest.mark.parametrize("after", [0.0, 0.03, 0.07, 0.11, 0.15, 0.19])
    def test_a_killed_writer_leaves_the_old_or_the_new(
        self, objects: Objects, reopen: Reopen, after: float
    ) -> None:
        assert list(killed(write_for_ever, reopen, after=after)) == ["ready"]
        content = objects.read(KEY)
        assert content == content[:1] * 4 * MIB
        for info in objects.list("metrics/"):
            assert info.size == (4 * MIB if info.key == KEY else MIB)
        objects.put(KEY, b"next")
        assert objects.read(KEY) == b"next"
