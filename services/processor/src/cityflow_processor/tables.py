"""Frames and their files: one fixed way to write, so that equal rows are equal bytes."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from cityflow.contracts.tables import Kind, Table
from cityflow.storage.ports import Objects

# Part of every edition's identity: change it when any setting below changes.
WRITER_VERSION: Final = "3"
_HOUR_US: Final = 3_600_000_000
ROW_GROUP_ROWS: Final = 131_072
_PAGE_BYTES: Final = 8 << 20
_BATCH_ROWS: Final = 65_536
_CHECKSUM_BYTES: Final = 4

_TYPES: Final[dict[Kind, pl.DataType]] = {
    "text": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "instant": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}


_ARROW_TYPES: Final = {"int64": pa.int64(), "float64": pa.float64()}
Bools = npt.NDArray[np.bool_]


class DamagedFrame(Exception):
    """The bytes of a cached frame are not those that were written."""


@cache
def schema(table: Table) -> pl.Schema:
    """Polars types of a published table."""
    return pl.Schema({column.name: _TYPES[column.kind] for column in table.columns})


def conform(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The frame with exactly the table's columns and types, in its order.

    Texts may stay Categorical: their file says text.
    """
    types, held = schema(table), frame.schema
    kept = {name for name, dtype in held.items() if isinstance(dtype, pl.Categorical)}
    wrong = [
        pl.col(name).cast(dtype)
        for name, dtype in types.items()
        if held[name] != dtype and not (name in kept and dtype == pl.String)
    ]
    return (frame.with_columns(wrong) if wrong else frame)[list(types)]


def instants(hours: npt.NDArray[np.int64]) -> pl.Series:
    """Instants (UTC) of hours since 1970."""
    return pl.Series(hours * _HOUR_US, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))


def arrow_table(columns: Mapping[str, pa.Array], table: Table) -> pa.Table:
    """A published table from its columns, with exactly the table's columns, in its order."""
    assert columns.keys() == {column.name for column in table.columns}
    return pa.table({column.name: columns[column.name] for column in table.columns})


def numbers(
    values: npt.NDArray[np.int64] | npt.NDArray[np.float64], where: Bools | None = None
) -> pa.Array:
    """Numbers, null but `where`; without a copy."""
    return _numbers(_ARROW_TYPES[values.dtype.name], values, where)


def hour_ends(hours: npt.NDArray[np.int64], where: Bools | None = None) -> pa.Array:
    """Instants (UTC) of hours since 1970, null but `where`."""
    return _numbers(pa.timestamp("us", "UTC"), hours * _HOUR_US, where)


def texts(
    codes: npt.NDArray[np.int64], names: Sequence[str], where: Bools | None = None
) -> pa.Array:
    """Texts of codes, null but `where`."""
    indices = _numbers(pa.int32(), codes.astype(np.int32), where)
    return pa.DictionaryArray.from_arrays(indices, pl.Series(list(names)).to_arrow())


def _numbers(dtype: pa.DataType, values: npt.NDArray[Any], where: Bools | None) -> pa.Array:
    valid = None if where is None else pa.py_buffer(np.packbits(where, bitorder="little"))
    return pa.Array.from_buffers(
        dtype, values.size, [valid, pa.py_buffer(np.ascontiguousarray(values))]
    )


def column(table: pa.Table, name: str) -> pl.Series:
    """A column of a table, without a copy; Arrow's own `to_numpy` would import pandas."""
    return pl.Series(name, table[name])


def parquet_bytes(frame: pl.DataFrame | pa.Table, row_group_rows: int = ROW_GROUP_ROWS) -> bytes:
    """A published table as Parquet; Categorical columns are texts with a dictionary.

    Statistics tell row groups apart: a file of one has none.
    """
    table = frame.to_arrow() if isinstance(frame, pl.DataFrame) else frame
    buffer = BytesIO()
    pq.write_table(
        table,
        buffer,
        row_group_size=row_group_rows,
        compression="lz4",
        use_dictionary=[field.name for field in table.schema if pa.types.is_dictionary(field.type)],
        write_statistics=table.num_rows > row_group_rows,
        store_schema=False,
        data_page_size=_PAGE_BYTES,
        write_batch_size=_BATCH_ROWS,
    )
    return buffer.getvalue()


def keep(
    objects: Objects,
    key: str,
    frame: pl.DataFrame | pa.Table,
    row_group_rows: int = ROW_GROUP_ROWS,
) -> None:
    """Store a published table: see `keep_bytes`."""
    keep_bytes(objects, key, parquet_bytes(frame, row_group_rows))


def keep_bytes(objects: Objects, key: str, data: bytes) -> None:
    """Store a published table, which never changes; what a fault left of it is replaced.

    Bytes of another size that hold the same rows stay: an earlier writer wrote them.
    """
    if objects.put_if_absent(key, data) or objects.size(key) == len(data):
        return
    try:
        whole = read_frame(objects.read(key)).equals(read_frame(data))
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
    table = frame.to_arrow()
    buffer = BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return _sealed(buffer)


def read_ipc(data: bytes | memoryview) -> pl.DataFrame:
    """A frame from the bytes that `ipc_bytes` gave; DamagedFrame if they are others."""
    frame = pl.from_arrow(pa.ipc.open_stream(_unsealed(data)).read_all())
    assert isinstance(frame, pl.DataFrame)
    return frame


def read_cache(data: bytes) -> pl.DataFrame:
    """A frame from the bytes that `cache_bytes` gave; DamagedFrame if they are others."""
    return read_frame(bytes(_unsealed(data)))


def read_frame(data: bytes) -> pl.DataFrame:
    """A frame from the bytes of a Parquet file."""
    return pl.read_parquet(data, use_statistics=False)


def checksums(sealed: Iterable[bytes]) -> bytes:
    """One checksum of the bytes that `ipc_bytes` gave, without looking at them again."""
    return _checksum(b"".join(one[-_CHECKSUM_BYTES:] for one in sealed))


def _sealed(buffer: BytesIO) -> bytes:
    """The bytes and their checksum: neither Arrow nor Parquet would tell a flipped bit."""
    buffer.write(_checksum(buffer.getbuffer()))
    return buffer.getvalue()


def _unsealed(data: bytes | memoryview) -> memoryview:
    content, checksum = memoryview(data)[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if _checksum(content) != checksum:
        raise DamagedFrame
    return content


def _checksum(content: bytes | memoryview) -> bytes:
    return zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little")
