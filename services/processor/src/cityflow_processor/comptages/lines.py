"""The lines of a block whose every line is one record."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from cityflow_processor.comptages.lookups import Bools, Ints

# A window of the block and its comparison stay in the processor's cache.
_WINDOW_BYTES: Final = 1 << 20


class Lines:
    """Where each line of a block starts and ends; texts are cut only when asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        low, controls = _below(data, ord("\r") + 1)
        ends = low[controls == ord("\n")]
        if data and not data.endswith(b"\n"):
            ends = np.append(ends, len(data))
        self.ends = ends
        self._controls = controls, low

    def has_control(self) -> bool:
        """Whether a NUL, or a CR that does not end a line, is anywhere."""
        controls = self._controls[0]
        stray = (controls == 0) | ((controls == ord("\r")) & ~self._before_end())
        return bool(stray.any())

    def _before_end(self) -> Bools:
        """Of each control byte, whether a line ends right behind it."""
        controls, low = self._controls
        ends = np.append((controls[1:] == ord("\n")) & (low[1:] == low[:-1] + 1), False)
        if low.size:
            ends[-1] = low[-1] + 1 == len(self._data)
        return ends

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
        # From its buffer: `pa.array` would import pandas to look whether it is one of its own.
        places = pa.Array.from_buffers(pa.int64(), lines.size, [None, pa.py_buffer(lines)])
        return pl.Series(column.take(places))


def _below(data: bytes, bound: int) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Places of the bytes below a bound, and the bytes."""
    block = np.frombuffer(data, np.uint8)
    is_below = np.empty(_WINDOW_BYTES, bool)
    eights = is_below.view(np.uint64)
    places, found = [np.empty(0, np.int64)], [np.empty(0, np.uint8)]
    for start in range(0, len(data), _WINDOW_BYTES):
        window = block[start : start + _WINDOW_BYTES]
        np.less(window, bound, out=is_below[: window.size])
        is_below[window.size :] = False
        # Few groups of eight bytes hold one: only these are looked at byte by byte.
        held = np.flatnonzero(eights != 0)
        place = np.flatnonzero(eights[held].view(bool))
        place = (held[place >> 3] << 3) + (place & 7)
        places.append(place + start)
        found.append(window[place])
    return np.concatenate(places), np.concatenate(found)
