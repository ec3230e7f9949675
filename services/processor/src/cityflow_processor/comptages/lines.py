"""The lines of a block whose every line is one record."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

# A window of the block and its comparison stay in the processor's cache.
_WINDOW_BYTES: Final = 1 << 19


class Lines:
    """Where each line of a block starts and ends; texts are cut only when asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.ends = _line_ends(data)

    def has_control(self) -> bool:
        """Whether a NUL, or a CR that does not end a line, is anywhere."""
        if b"\r" not in self._data:
            return b"\0" in self._data
        block = np.frombuffer(self._data, np.uint8)
        ending = np.count_nonzero(block[self.ends - 1] == ord("\r"))
        return b"\0" in self._data or ending != np.count_nonzero(block == ord("\r"))

    def __len__(self) -> int:
        return len(self.ends)

    def text(self, line: int) -> str:
        """One line, without its end; bytes that are not UTF-8 as escapes."""
        start = int(self.ends[line - 1]) + 1 if line else 0
        raw = self._data[start : int(self.ends[line])]
        return raw.removesuffix(b"\r").decode(errors="backslashreplace")

    def take(self, lines: npt.NDArray[np.int64]) -> pl.Series:
        """The given lines as a Binary column, each with its end."""
        bounds = np.append(0, np.minimum(self.ends + 1, len(self._data)))
        buffers = [None, pa.py_buffer(bounds), pa.py_buffer(self._data)]
        # All lines, pointing into the block: only those taken are copied.
        column = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(self), buffers)
        return pl.Series(column.take(pa.array(lines)))


def _line_ends(data: bytes) -> npt.NDArray[np.int64]:
    """Places of the line feeds, and the end of a last line that has none."""
    block = np.frombuffer(data, np.uint8)
    windows = range(0, len(data), _WINDOW_BYTES)
    found = [np.flatnonzero(block[at : at + _WINDOW_BYTES] == ord("\n")) + at for at in windows]
    if data and not data.endswith(b"\n"):
        found.append(np.array([len(data)]))
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)
