"""The lines of a block whose every line is one record."""

import numpy as np
import numpy.typing as npt


class Lines:
    """Where each line of a block starts and ends; texts are cut only when asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
        if data and not data.endswith(b"\n"):
            self._ends = np.append(self._ends, len(data))

    def __len__(self) -> int:
        return len(self._ends)

    def text(self, line: int) -> str:
        """One line, without its end; bytes that are not UTF-8 as escapes."""
        return self._slice(line).removesuffix(b"\r").decode(errors="backslashreplace")

    def join(self, lines: npt.NDArray[np.int64]) -> bytes:
        """The given lines as a block of their own."""
        starts = np.where(lines > 0, self._ends[lines - 1] + 1, 0).tolist()
        ends = self._ends[lines].tolist()
        return b"\n".join([self._data[a:b] for a, b in zip(starts, ends, strict=True)])

    def _slice(self, line: int) -> bytes:
        start = int(self._ends[line - 1]) + 1 if line else 0
        return self._data[start : int(self._ends[line])]
