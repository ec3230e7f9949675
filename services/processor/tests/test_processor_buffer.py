"""Chunks take turns in one memory; what still looks at the last one keeps it."""

from functools import partial

from cityflow_processor.reading.buffer import Buffer


def _read(content: bytes, buffer: bytearray) -> int:
    """What a store does: as much as there is."""
    size = min(len(content), len(buffer))
    buffer[:size] = content[:size]
    return size


def test_chunks_of_any_size_take_turns_in_one_memory() -> None:
    buffer = Buffer()
    first = buffer.filled(5, partial(_read, b"first"))
    assert first == b"first"
    for content in (b"the second", b"3rd", b"", b"and a last one"):
        held = buffer.filled(len(content), partial(_read, content))
        assert held == content
        assert held is first


def test_a_file_that_ends_early_gives_what_it_has() -> None:
    buffer = Buffer()
    assert buffer.filled(9, partial(_read, b"short")) == b"short"
    assert buffer.filled(9, partial(_read, b"nine byte")) == b"nine byte"


def test_what_is_still_looked_at_is_not_overwritten() -> None:
    buffer = Buffer()
    with memoryview(buffer.filled(3, partial(_read, b"old"))) as old:
        assert buffer.filled(3, partial(_read, b"new")) == b"new"
        assert old == b"old"
