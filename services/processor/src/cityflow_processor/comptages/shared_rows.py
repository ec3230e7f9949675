"""Rows of one frame that day after day takes: most days have the same arcs."""

from threading import Lock

import polars as pl

from cityflow_processor.comptages.lookups import Ints


class SharedRows:
    """A frame, and the rows that were last taken of it. May be shared by threads."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._lock = Lock()
        self._taken: tuple[bytes, pl.DataFrame] | None = None

    def take(self, places: Ints) -> pl.DataFrame:
        """The rows at these places."""
        key = places.tobytes()
        with self._lock:
            if self._taken is None or self._taken[0] != key:
                self._taken = key, self.frame[places]
            return self._taken[1]
