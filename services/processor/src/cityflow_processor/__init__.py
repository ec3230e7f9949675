"""Raw to clean to metrics, in chunks of bounded memory."""

import ctypes
import os
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8

# Arrow's own allocator keeps what it frees, in each process; it is chosen when Arrow is loaded.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# What a thread leaves free serves the others too; only before a first thread.
with suppress(AttributeError, OSError):  # only the C library of GNU has it
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
