"""Cuts a stream of delimited text into chunks of whole records, in bounded memory.

A cut stands only where no quoted field can be open: before a line that stands alone, or where the
lines before it are complete and a joined record is never longer than the look-back.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from cityflow.errors import SourceError
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.tolerant import MAX_JOINED_LINES, is_complete

MAX_LINE_BYTES: Final = 1 << 20
# Two are read at a time, and each takes several times its size meanwhile.
MAX_CHUNK_BYTES: Final = 16 << 20


def chunks(stream: BinaryIO, chunk_rows: int, header: Header, name: str) -> Iterator[bytes]:
    """Chunks of about `chunk_rows` records from where the stream stands (after the header).

    Raises SourceError for a line longer than 1 MiB, or quoting that never closes.
    """
    take = _take_by_seeking if stream.seekable() else _take_by_reading
    first = _line(stream, name)
    target = min(MAX_CHUNK_BYTES, max(1, chunk_rows * len(first)))
    chunk = take(stream, first, target, name)
    while chunk:
        following = b""
        while not _ends_record(chunk, header) and (following := _line(stream, name)):
            if header.stands_alone(_fields(following, header)):
                break
            chunk += following
            if len(chunk) > 2 * MAX_CHUNK_BYTES:
                raise SourceError(f"{name}: a quoted field does not end within {len(chunk)} bytes")
            following = b""
        _refuse_long_lines(chunk, name)
        yield chunk
        chunk = take(stream, following, target, name)


def _take_by_reading(stream: BinaryIO, head: bytes, target: int, name: str) -> bytes:
    """`head` and what follows, up to the first line end at or after `target` bytes."""
    block = stream.read(max(0, target - len(head)))
    return b"".join((head, block, _line(stream, name) if target > len(head) else b""))


def _take_by_seeking(stream: BinaryIO, head: bytes, target: int, name: str) -> bytes:
    """The same, finding the end first: a block that is joined costs its memory again."""
    start = stream.tell() - len(head)
    if target > len(head):
        stream.seek(start + target)
        _line(stream, name)
    end = stream.tell()
    stream.seek(start)
    return stream.read(end - start)


def _line(stream: BinaryIO, name: str) -> bytes:
    line = stream.readline(MAX_LINE_BYTES + 1)
    if len(line) > MAX_LINE_BYTES:
        raise _long_line(name)
    return line


def _refuse_long_lines(chunk: bytes, name: str) -> None:
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


def _fields(line: bytes, header: Header) -> list[str]:
    text = line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="replace")
    return text.split(header.delimiter)


def _last_lines(chunk: bytes) -> Iterator[str]:
    """The lines that a joined record could still hold, last one first."""
    end = len(chunk.removesuffix(b"\n"))
    for _ in range(MAX_JOINED_LINES):
        start = chunk.rfind(b"\n", 0, end) + 1
        yield chunk[start:end].removesuffix(b"\r").decode(errors="replace")
        if not start:
            return
        end = start - 1
