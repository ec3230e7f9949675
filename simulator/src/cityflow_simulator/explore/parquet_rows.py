"""The Parquet export, written as it goes: one row group a frame."""

import io
from collections.abc import Iterator

import pyarrow.parquet as pq

from cityflow_simulator.explore.answer import Answer
from cityflow_simulator.explore.parameters import Style
from cityflow_simulator.published.fields import schema_of


class _Outlet(io.RawIOBase):
    """A file that forgets what has been taken out of it, and knows its own length."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._length

    def write(self, data: bytes) -> int:  # type: ignore[override]
        piece = bytes(data)
        self._pieces.append(piece)
        self._length += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def parquet_export(answer: Answer, style: Style) -> Iterator[bytes]:
    """The whole export in pieces. Instants are UTC, points structs, shapes GeoJSON texts."""
    outlet = _Outlet()
    schema = schema_of(answer.fields).to_frame().to_arrow().schema
    with pq.ParquetWriter(outlet, schema, compression=style.parquet_compression) as writer:
        for frame in answer.frames:
            writer.write_table(frame.to_arrow().cast(schema))
            yield outlet.take()
    yield outlet.take()
