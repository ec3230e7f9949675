"""The lines of a block whose every line is one record."""

import numpy as np
import numpy.typing as npt


class Lines:
    """Where each line of a block starts and ends; texts are cut only when asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
        if data and not data.endswith(b"\n"):
            self.ends = np.append(self.ends, len(data))

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
        return self._slice(line).removesuffix(b"\r").decode(errors="backslashreplace")

    def join(self, lines: npt.NDArray[np.int64]) -> bytes:
        """The given lines as a block of their own."""
        starts = np.where(lines > 0, self.ends[lines - 1] + 1, 0).tolist()
        ends = self.ends[lines].tolist()
        return b"\n".join([self._data[a:b] for a, b in zip(starts, ends, strict=True)])

    def _slice(self, line: int) -> bytes:
        start = int(self.ends[line - 1]) + 1 if line else 0
        return self._data[start : int(self.ends[line])]
