"""Memory that allocators keep after one kind of work goes back before the next kind starts."""

import ctypes
from contextlib import suppress


def give_back_memory() -> None:
    """Give what is free to the system: what one kind of unit leaves is in another's way."""
    import pyarrow as pa  # an engine is there before anything heavy is loaded

    pa.default_memory_pool().release_unused()
    with suppress(AttributeError, OSError):  # only the C library of GNU has it
        ctypes.CDLL(None).malloc_trim(0)
