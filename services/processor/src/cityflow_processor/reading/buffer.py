"""Chunk after chunk in the same memory: pieces of another size would be torn into it meanwhile."""

from collections.abc import Callable
from threading import local


class Buffer:
    """The bytes of one chunk, until the thread that asked for them asks for the next."""

    def __init__(self) -> None:
        self._of = local()

    def filled(self, size: int, read: Callable[[bytearray], int]) -> bytearray:
        """What `read` gives: it fills as much as there is, at most `size`, and tells how much."""
        held = self._resized(size)
        del held[read(held) :]
        return held

    def _resized(self, size: int) -> bytearray:
        held: bytearray | None = getattr(self._of, "held", None)
        if held is None:
            held = bytearray(size)
        try:
            del held[max(0, size - 1) :]
            held.extend(bytes(size - len(held)))
        except BufferError:  # something still looks at it: its size cannot change
            held = bytearray(size)
        self._of.held = held
        return held
