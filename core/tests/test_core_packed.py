import gzip
import io
import os
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial

import pytest

from cityflow.errors import FileRefused
from cityflow.packed import Limits, Packing, open_members, packing_of

ZipBuilder = Callable[[dict[str, bytes]], bytes]

WEEK_1 = b"iu_ac;q\n" + b"".join(b"%d;%d\n" % (i, i * 7 % 901) for i in range(30_000))
WEEK_2 = b"iu_ac;q\n4264;12\n"


def deflate_zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def contents(data: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    stream = io.BytesIO(data)
    members = open_members(stream, packing_of(data), limits, "a file")
    return {name: reader.read() for name, reader in members}


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(FileRefused) as refused:
        contents(data, limits)
    return str(refused.value)


@pytest.mark.parametrize(
    ("head", "packing"),
    [(b"\x1f\x8b\x08", "gzip"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"iu", "plain")],
)
def test_packing_is_read_from_the_first_bytes(head: bytes, packing: Packing) -> None:
    assert packing_of(head) == packing


def test_plain_bytes_are_their_own_only_member() -> None:
    assert contents(WEEK_1) == {"": WEEK_1}


def test_gzip_of_one_or_several_members_is_one_file() -> None:
    assert contents(gzip.compress(WEEK_1)) == {"": WEEK_1}
    assert contents(gzip.compress(WEEK_1) + gzip.compress(WEEK_2)) == {"": WEEK_1 + WEEK_2}


@pytest.fixture(params=["deflate64", "deflate", "stored"])
def build(request: pytest.FixtureRequest, deflate64_zip: ZipBuilder) -> ZipBuilder:
    stored = partial(deflate_zip, method=zipfile.ZIP_STORED)
    builders: dict[str, ZipBuilder] = {
        "deflate64": deflate64_zip,
        "deflate": deflate_zip,
        "stored": stored,
    }
    return builders[request.param]


def test_zip_members_come_in_the_order_of_the_archive(build: ZipBuilder) -> None:
    members = {"2019/week_02.txt": WEEK_2, "2019/week_01.txt": WEEK_1, "empty.txt": b""}
    assert list(contents(build(members)).items()) == list(members.items())


def test_folders_and_hidden_files_of_an_archive_are_left_out() -> None:
    hidden = {"2019/": b"", ".DS_Store": b"x", "__MACOSX/._a.txt": b"x", "./a.txt": WEEK_2}
    assert contents(deflate_zip(hidden)) == {"./a.txt": WEEK_2}


def test_a_member_that_is_not_read_to_its_end_does_not_disturb_the_next(
    build: ZipBuilder,
) -> None:
    data = build({"a": WEEK_1, "b": WEEK_2})
    members = open_members(io.BytesIO(data), "zip")
    assert next(members)[1].read(8) == WEEK_1[:8]
    assert next(members)[1].read() == WEEK_2


def test_a_wrong_checksum_is_refused(build: ZipBuilder) -> None:
    data = bytearray(build({"week.txt": WEEK_1}))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 16, 12345)
    assert "a file (week.txt): found damaged packed data" in refusal(bytes(data))


@pytest.mark.parametrize("keep", [0.999, 0.5, 0.001])
def test_a_truncated_file_is_refused(keep: float, build: ZipBuilder) -> None:
    for data in (gzip.compress(WEEK_1), build({"a": WEEK_1})):
        cut = data[: max(4, int(len(data) * keep))]
        assert "fetch it again" in refusal(cut)


def test_a_gzip_that_ends_early_is_called_truncated() -> None:
    assert "truncated packed data" in refusal(gzip.compress(WEEK_1)[:-9])


def test_whatever_is_changed_in_an_archive_the_only_error_is_a_refusal(build: ZipBuilder) -> None:
    chance = random.Random(20190327)
    for data in (gzip.compress(WEEK_1), build({"a": WEEK_1})):
        for _ in range(100):
            broken = bytearray(data)
            tail = chance.choice([0, max(0, len(data) - 120)])
            broken[chance.randrange(tail, len(data))] = chance.randrange(256)
            try:
                contents(bytes(broken))
            except FileRefused as refused:
                assert refused.name.startswith("a file")


def test_an_archive_inside_an_archive_is_refused() -> None:
    inner = deflate_zip({"a": WEEK_2})
    for data in (
        deflate_zip({"inner.zip": inner}),
        gzip.compress(inner),
        gzip.compress(gzip.compress(WEEK_2)),
    ):
        assert "an archive inside an archive" in refusal(data)


def test_an_archive_without_files_or_with_too_many_is_refused() -> None:
    assert "a zip archive without files" in refusal(deflate_zip({}))
    many = deflate_zip({str(i): b"" for i in range(11)})
    assert "11 files in one archive" in refusal(many, Limits(members=10))


def test_encrypted_and_exotic_members_are_refused() -> None:
    data = bytearray(deflate_zip({"a.txt": WEEK_2}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert "an encrypted member" in refusal(bytes(data))
    assert "compression method 12" in refusal(deflate_zip({"a.txt": WEEK_2}, zipfile.ZIP_BZIP2))


def test_a_member_before_the_start_of_the_file_is_refused(build: ZipBuilder) -> None:
    data = bytearray(build({"a.txt": WEEK_2}))
    size = data.rindex(b"PK\x05\x06") + 12
    struct.pack_into("<I", data, size, struct.unpack_from("<I", data, size)[0] + 8)
    assert "damaged packed data" in refusal(bytes(data))


def test_members_that_share_their_bytes_are_refused() -> None:
    data = deflate_zip({"a.txt": WEEK_1, "b.txt": b""})
    entry = data.rindex(b"PK\x01\x02")
    overlapping = bytearray(data)
    struct.pack_into("<I", overlapping, entry + 20, len(data))
    assert "a zip bomb" in refusal(bytes(overlapping))


def test_a_bomb_is_refused_by_its_ratio(deflate64_zip: ZipBuilder) -> None:
    zeros = bytes(8_000_000)
    for bomb in (gzip.compress(zeros), deflate_zip({"a": zeros}), deflate64_zip({"a": zeros})):
        assert "a decompression bomb" in refusal(bomb, Limits(ratio=100, ratio_from=1_000_000))
        assert len(next(iter(contents(bomb).values()))) == 8_000_000


def test_content_is_expanded_in_bounded_memory(deflate64_zip: ZipBuilder) -> None:
    size = 100_000_000
    for data in (gzip.compress(bytes(size)), deflate64_zip({"a": bytes(size)})):
        tracemalloc.start()
        members = open_members(io.BytesIO(data), packing_of(data), Limits(ratio=10**6))
        read = 0
        for _, reader in members:
            while block := reader.read(2**20):
                read += len(block)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read == size
        assert peak < 64_000_000


@pytest.mark.parametrize("pack", [gzip.compress, lambda noise: deflate_zip({"a": noise})])
def test_a_file_is_refused_by_its_expanded_size(pack: Callable[[bytes], bytes]) -> None:
    noise = pack(os.urandom(1_000_001))
    assert "more than 1000000 bytes" in refusal(noise, Limits(expanded_bytes=1_000_000))


def test_a_directory_that_would_fill_memory_is_refused() -> None:
    member = b"PK\x01\x02" + bytes(42)
    count = 5 * 2**20 // len(member)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, count * len(member), 4, 0)
    assert "a directory of more than" in refusal(b"PK\x03\x04" + member * count + end)
