"""SHA-256 of an object that is read in any pieces, small or made of parts."""

import base64
import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityflow.storage import s3_checksum
from cityflow.storage.s3_checksum import Verifier


def whole(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def of_parts(data: bytes, size: int) -> str:
    """As S3 computes it: the digest of the digests, and how many there were."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    joined = b"".join(hashlib.sha256(part).digest() for part in parts)
    return f"{whole(joined)}-{len(parts)}"


@given(st.binary(max_size=300), st.one_of(st.none(), st.integers(1, 70)), st.data())
def test_pieces_of_any_size_give_the_checksum(
    data: bytes, part_bytes: int | None, draw: st.DataObject
) -> None:
    checksum = of_parts(data, part_bytes) if part_bytes else whole(data)
    verifier = Verifier(checksum, part_bytes)
    while verifier.seen < len(data):
        start = draw.draw(st.integers(0, verifier.seen), label="start")
        end = draw.draw(st.integers(verifier.seen + 1, len(data)), label="end")
        verifier.update(start, data[start:end])
        assert verifier.seen == end
    assert verifier.holds()


@given(st.binary(min_size=1, max_size=300), st.integers(1, 70), st.integers(0, 7), st.data())
def test_one_wrong_bit_is_seen(data: bytes, part_bytes: int, bit: int, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    damaged = bytearray(data)
    damaged[at] ^= 1 << bit
    for verifier in (
        Verifier(whole(data), None),
        Verifier(of_parts(data, part_bytes), part_bytes),
    ):
        verifier.update(0, bytes(damaged))
        assert verifier.seen == len(data)
        assert not verifier.holds()


def test_what_lies_beyond_a_gap_is_not_hashed() -> None:
    verifier = Verifier(whole(b"0123456789"), None)
    verifier.update(4, b"456789")
    assert verifier.seen == 0
    verifier.update(0, b"01234")
    verifier.update(1, b"12")
    verifier.update(3, b"3456789")
    assert verifier.seen == 10
    assert verifier.holds()


def test_parts_have_the_size_their_object_names() -> None:
    data = random.Random(1).randbytes(1000)
    answer = {"ChecksumSHA256": of_parts(data, 64), "Metadata": {"part-bytes": "64"}}
    verifier = Verifier.of(answer)
    assert verifier is not None
    verifier.update(0, data)
    assert verifier.holds()


@pytest.mark.parametrize(
    "answer",
    [
        {"Metadata": {}},
        {"ChecksumSHA256": of_parts(b"put by another tool", 5), "Metadata": {}},
    ],
)
def test_an_object_put_by_others_may_have_nothing_to_compare_with(
    answer: dict[str, object],
) -> None:
    assert Verifier.of(answer) is None


def test_a_number_of_parts_behind_a_dash_is_no_difference() -> None:
    digest = s3_checksum.digest(b"x")
    assert s3_checksum.same(s3_checksum.composite([digest]), of_parts(b"x", 1))
    assert s3_checksum.same(s3_checksum.text(digest), whole(b"x"))
    assert not s3_checksum.same(s3_checksum.text(digest), whole(b"y"))
