"""The lines of a block whose every line is one record."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from cityflow_processor.comptages.bits import Bits
from cityflow_processor.comptages.lookups import Block, Bools, Chunk, Ints


class Around(NamedTuple):
    """Lines but for a part of each: what stands before it, and what behind it."""

    heads: pa.BinaryArray
    tails: pa.BinaryArray


class Lines:
    """Where each line of a block starts and ends; texts are cut only when asked for."""

    def __init__(self, data: Chunk) -> None:
        self._data = data
        low = Bits(data, np.less, ord("\r") + 1).places()
        controls = np.frombuffer(data, np.uint8)[low]
        ends = low[controls == ord("\n")]
        if data and not data.endswith(b"\n"):
            ends = np.append(ends, len(data))
        self.ends = ends
        self.starts = np.append(0, ends[:-1] + 1)
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

    def take(self, lines: Ints) -> list[str]:
        """The texts of some lines, without their ends. Raises UnicodeDecodeError."""
        places = zip(self.starts[lines].tolist(), self.ends[lines].tolist(), strict=True)
        return [self._data[start:end].decode() for start, end in places]

    def around(self, lines: Ints, starts: Ints, ends: Ints) -> Around:
        """What stands in some lines, in order, before and behind a part of each."""
        begins = self.starts[lines]
        heads = taken(self._data, begins, starts - begins)
        return Around(heads, taken(self._data, ends, self.ends[lines] - ends))


def taken(data: Block, starts: Ints, sizes: Ints) -> pa.BinaryArray:
    """Texts of a block by their places, which do not overlap and are in order."""
    # Each text and what stands behind it, pointing into the block: only the texts are copied.
    bounds = np.empty(2 * starts.size, np.int32)
    bounds[0::2], bounds[1::2] = starts, starts + sizes
    size = max(0, bounds.size - 1)
    column = pa.BinaryArray.from_buffers(
        pa.binary(), size, [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    )
    return column.take(places(np.arange(0, size, 2)))


def places(rows: Ints) -> pa.Int64Array:
    """Places of rows, to take them from a column."""
    # From their buffer: `pa.array` would import pandas to look whether it is one of its own.
    return pa.Array.from_buffers(pa.int64(), rows.size, [None, pa.py_buffer(rows)])
