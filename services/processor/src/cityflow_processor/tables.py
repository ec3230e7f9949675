"""Frames and their files: one fixed way to write, so that equal rows are equal bytes."""

import zlib
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from cityflow.contracts.tables import Kind, Table
from cityflow.storage.ports import Objects

# Part of every edition's identity: change it when any setting below changes.
WRITER_VERSION: Final = "1"
_HOUR_US: Final = 3_600_000_000
_ROW_GROUP_ROWS: Final = 131_072
_CHECKSUM_BYTES: Final = 4

_TYPES: Final[dict[Kind, pl.DataType]] = {
    "text": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "instant": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}


class DamagedFrame(Exception):
    """The bytes of a cached frame are not those that were written."""


def schema(table: Table) -> pl.Schema:
    """Polars types of a published table."""
    return pl.Schema({column.name: _TYPES[column.kind] for column in table.columns})


def conform(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The frame with exactly the table's columns and types, in its order."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema(table).items())


def instants(hours: npt.NDArray[np.int64]) -> pl.Series:
    """Instants (UTC) of hours since 1970."""
    return pl.Series(hours * _HOUR_US, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))


def parquet_bytes(frame: pl.DataFrame, row_group_rows: int = _ROW_GROUP_ROWS) -> bytes:
    """A published table as Parquet."""
    buffer = BytesIO()
    frame.write_parquet(
        buffer,
        compression="zstd",
        compression_level=1,
        statistics=True,
        row_group_size=row_group_rows,
    )
    return buffer.getvalue()


def keep(
    objects: Objects, key: str, frame: pl.DataFrame, row_group_rows: int = _ROW_GROUP_ROWS
) -> None:
    """Store a published table, which never changes; what a fault left of it is replaced.

    Bytes of another size that hold the same rows stay: an earlier writer wrote them.
    """
    data = parquet_bytes(frame, row_group_rows)
    if objects.put_if_absent(key, data) or objects.size(key) == len(data):
        return
    try:
        whole = read_frame(objects.read(key)).equals(frame)
    except PolarsError:
        whole = False
    if not whole:
        objects.put(key, data)


def cache_bytes(frame: pl.DataFrame) -> bytes:
    """A frame of the parts cache as Parquet: cheap to write, dropped at will."""
    buffer = BytesIO()
    frame.write_parquet(buffer, compression="lz4", statistics=False)
    return _sealed(buffer)


def ipc_bytes(frame: pl.DataFrame) -> bytes:
    """A frame that is read once and dropped, in Arrow's own form."""
    buffer = BytesIO()
    frame.write_ipc(buffer, compression="uncompressed")
    return _sealed(buffer)


def read_ipc(data: bytes) -> pl.DataFrame:
    """A frame from the bytes that `ipc_bytes` gave; DamagedFrame if they are others."""
    return pl.read_ipc(_unsealed(data))


def read_cache(data: bytes) -> pl.DataFrame:
    """A frame from the bytes that `cache_bytes` gave; DamagedFrame if they are others."""
    return read_frame(_unsealed(data))


def read_frame(data: bytes) -> pl.DataFrame:
    """A frame from the bytes of a Parquet file."""
    return pl.read_parquet(data, use_statistics=False)


def _sealed(buffer: BytesIO) -> bytes:
    """The bytes and their checksum: neither Arrow nor Parquet would tell a flipped bit."""
    buffer.write(_checksum(buffer.getbuffer()))
    return buffer.getvalue()


def _unsealed(data: bytes) -> bytes:
    content = data[:-_CHECKSUM_BYTES]
    if _checksum(content) != data[-_CHECKSUM_BYTES:]:
        raise DamagedFrame
    return content


def _checksum(content: bytes | memoryview) -> bytes:
    return zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little")
