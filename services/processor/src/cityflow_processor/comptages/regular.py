"""Proof that each line of a block is one whole record with a field for every column.

Quoted fields open right after a delimiter and close right before one, quotes inside are doubled,
and none goes over a line's end: then every reader of delimited text reads the same.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from cityflow_processor.comptages.lines import Lines
from cityflow_processor.comptages.lookups import Chunk

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
_QUOTE, _LF, _CR = b'"\n\r'
_AFTER_THE_LAST: Final = b"\n\n"  # the block's end closes a field as a line's end does


def is_regular(data: Chunk, delimiter: str, width: int) -> bool:
    """Whether a block of UTF-8 text is regular; `width` is the number of columns."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    ends = Lines(data).ends
    block = np.frombuffer(data + _AFTER_THE_LAST, np.uint8)
    quotes = np.flatnonzero(block == _QUOTE)
    return _are_paired(block, quotes, ends, ord(delimiter)) and _have_width(
        np.flatnonzero(block == ord(delimiter)), quotes, ends, width
    )


def _are_paired(block: Bytes, quotes: Places, ends: Places, delimiter: int) -> bool:
    """Quotes open and close in turn, in places where a field starts and ends."""
    if (np.searchsorted(quotes, ends) % 2).any():
        return False
    before = block[quotes[0::2] - 1]  # before the first byte of all: the last, a line's end
    after, beyond = block[quotes[1::2] + 1], block[quotes[1::2] + 2]
    starts = np.isin(before, (delimiter, _LF, _QUOTE))
    stops = np.isin(after, (delimiter, _LF, _QUOTE)) | ((after == _CR) & (beyond == _LF))
    return bool(starts.all() and stops.all())


def _have_width(delimiters: Places, quotes: Places, ends: Places, width: int) -> bool:
    """Every line has width − 1 delimiters outside quotes."""
    if quotes.size:
        delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    if width < 2 or delimiters.size != ends.size * (width - 1):
        return False
    of_line = delimiters.reshape(ends.size, width - 1)
    inside = (of_line[:, -1] < ends).all() and (of_line[1:, 0] > ends[:-1]).all()
    return bool(inside)
