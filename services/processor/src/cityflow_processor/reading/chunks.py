"""Cuts a stream of delimited text into chunks of whole records, in bounded memory.

A cut stands only where no quoted field can be open: before a line that stands alone, or where the
lines before it are complete and a joined record is never longer than the look-back. What lies
between two cuts is for the reader of the chunk to look at, `refuse_long_lines` included.
"""

from collections.abc import Iterator
from os import SEEK_END
from typing import BinaryIO, Final, NamedTuple

from cityflow.errors import SourceError
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.lookups import Chunk
from cityflow_processor.comptages.tolerant import MAX_JOINED_LINES, is_complete

MAX_LINE_BYTES: Final = 1 << 20
# Two are read at a time, and each takes several times its size meanwhile.
MAX_CHUNK_BYTES: Final = 24 << 20
_TAIL_BYTES: Final = 1 << 16


class Span(NamedTuple):
    """A chunk by its place in the stream, in bytes."""

    start: int
    size: int


def spans(stream: BinaryIO, chunk_rows: int, header: Header, name: str) -> Iterator[Span]:
    """Chunks of about `chunk_rows` records from where a seekable stream stands (after the header).

    Only what stands about each cut is read. Raises SourceError for a line longer than 1 MiB, or
    quoting that never closes.
    """
    start = stream.tell()
    target = _target(_line(stream, name), chunk_rows)
    while (end := _line_end(stream, start + target, name)) > start:
        while following := _line(stream, name):
            if _stands_alone(following, header) or _ends_record(_tail(stream, start, end), header):
                break
            end += len(following)
            _refuse_open_field(end - start, name)
            stream.seek(end)
        yield Span(start, end - start)
        start = end


def chunks(stream: BinaryIO, chunk_rows: int, header: Header, name: str) -> Iterator[bytes]:
    """The same of a stream that can only be read on, as bytes."""
    following = _line(stream, name)
    target = _target(following, chunk_rows)
    while chunk := _take(stream, following, target, name):
        while following := _line(stream, name):
            if _stands_alone(following, header) or _ends_record(chunk, header):
                break
            chunk += following
            _refuse_open_field(len(chunk), name)
        yield chunk


def _target(first_line: bytes, chunk_rows: int) -> int:
    return min(MAX_CHUNK_BYTES, max(1, chunk_rows * len(first_line)))


def _line_end(stream: BinaryIO, at: int, name: str) -> int:
    """The first end of a line at or after a place, or the stream's."""
    stream.seek(at - 1)
    return stream.tell() if _line(stream, name) else stream.seek(0, SEEK_END)


def _tail(stream: BinaryIO, start: int, end: int) -> bytes:
    """The end of a span that holds the lines that `_ends_record` looks at."""
    size = _TAIL_BYTES
    while True:
        at = max(start, end - size)
        stream.seek(at)
        tail = stream.read(end - at)
        if at == start or tail.count(b"\n") > MAX_JOINED_LINES:
            return tail
        size *= 4


def _take(stream: BinaryIO, head: bytes, target: int, name: str) -> bytes:
    """`head` and what follows, up to the first line end at or after `target` bytes."""
    block = stream.read(max(0, target - len(head)))
    whole = target <= len(head) or block.endswith(b"\n")
    return b"".join((head, block, b"" if whole else _line(stream, name)))


def _stands_alone(line: bytes, header: Header) -> bool:
    text = line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="replace")
    return header.stands_alone(text.split(header.delimiter))


def _refuse_open_field(size: int, name: str) -> None:
    if size > 2 * MAX_CHUNK_BYTES:
        raise SourceError(f"{name}: a quoted field does not end within {size:,} bytes")


def _line(stream: BinaryIO, name: str) -> bytes:
    line = stream.readline(MAX_LINE_BYTES + 1)
    if len(line) > MAX_LINE_BYTES:
        raise _long_line(name)
    return line


def refuse_long_lines(chunk: Chunk, name: str) -> None:
    """A line too long is refused wherever the cuts fall; it fills a whole window of half its size.

    Only a window without a line end is looked at more closely.
    """
    window = MAX_LINE_BYTES // 2
    for start in range(0, len(chunk) - window + 1, window):
        if chunk.find(b"\n", start, start + window) < 0:
            end = chunk.find(b"\n", start) + 1 or len(chunk)
            if end - chunk.rfind(b"\n", 0, start) - 1 > MAX_LINE_BYTES:
                raise _long_line(name)


def _long_line(name: str) -> SourceError:
    return SourceError(
        f"{name}: a line longer than {MAX_LINE_BYTES:,} bytes; expected one record a line. "
        "Check that the file is a CSV export with line breaks"
    )


def _ends_record(chunk: bytes, header: Header) -> bool:
    return all(is_complete(line, header.delimiter) for line in _last_lines(chunk))


def _last_lines(chunk: bytes) -> Iterator[str]:
    """The lines that a joined record could still hold, last one first."""
    end = len(chunk) - chunk.endswith(b"\n")
    for _ in range(MAX_JOINED_LINES):
        start = chunk.rfind(b"\n", 0, end) + 1
        yield chunk[start:end].removesuffix(b"\r").decode(errors="replace")
        if not start:
            return
        end = start - 1
