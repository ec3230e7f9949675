"""Frames and their files: one fixed way to write, so that equal rows are equal bytes."""

from io import BytesIO
from typing import Final

import polars as pl

from cityflow.contracts.tables import Kind, Table

# Part of every edition's identity: change it when any setting below changes.
WRITER_VERSION: Final = "1"
_ROW_GROUP_ROWS: Final = 131_072

_TYPES: Final[dict[Kind, pl.DataType]] = {
    "text": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "instant": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}


def schema(table: Table) -> pl.Schema:
    """Polars types of a published table."""
    return pl.Schema({column.name: _TYPES[column.kind] for column in table.columns})


def conform(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The frame with exactly the table's columns and types, in its order."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema(table).items())


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """A published table as Parquet."""
    buffer = BytesIO()
    frame.write_parquet(
        buffer,
        compression="zstd",
        compression_level=1,
        statistics=True,
        row_group_size=_ROW_GROUP_ROWS,
    )
    return buffer.getvalue()


def cache_bytes(frame: pl.DataFrame) -> bytes:
    """A frame of the parts cache as Parquet: cheap to write, dropped at will."""
    buffer = BytesIO()
    frame.write_parquet(buffer, compression="lz4", statistics=False)
    return buffer.getvalue()


def ipc_bytes(frame: pl.DataFrame) -> bytes:
    """A frame that is read once and dropped, in Arrow's own form."""
    buffer = BytesIO()
    frame.write_ipc(buffer, compression="uncompressed")
    return buffer.getvalue()


def read_ipc(data: bytes) -> pl.DataFrame:
    """A frame from the bytes that `ipc_bytes` gave."""
    return pl.read_ipc(data)


def read_frame(data: bytes) -> pl.DataFrame:
    """A frame from the bytes of a Parquet file."""
    return pl.read_parquet(data, use_statistics=False)
