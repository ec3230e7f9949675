"""Runs a command and kills it with SIGKILL at one exact step of its writing: `crash.py LOG MOMENT
PROGRAM ARGUMENT…`.

Every step is noted in LOG just before it happens: `rename KEY`, `link KEY` and `remove KEY` for
files, `before WRITE TYPE` and `after WRITE TYPE` for documents. MOMENT is `REGEX#N`, the N-th step
that matches, or `-` for none.
"""

import os
import re
import runpy
import signal
import sys
import threading
from typing import Any

from cityflow.storage.sqlite import SqliteDocuments


class Steps:
    """Notes each step, and ends the process at the one it was told."""

    def __init__(self, log: str, moment: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._pattern, _, number = moment.rpartition("#")
        self._left = int(number) if self._pattern else 0
        self._lock = threading.Lock()
        self._root = f"{os.environ['OUTPUT_DIR']}/"

    def watch(self, event: str, values: tuple[Any, ...]) -> None:
        """Audit hook: a file is about to get its name, or to lose it."""
        if event in ("os.rename", "os.link", "os.remove"):
            path = os.fsdecode(values[0 if event == "os.remove" else 1])
            if path.startswith(self._root):
                self.take(f"{event[3:]} {path.removeprefix(self._root)}")

    def take(self, step: str) -> None:
        with self._lock:
            os.write(self._log, f"{step}\n".encode())
            if self._left and re.search(self._pattern, step):
                self._left -= 1
                if not self._left:
                    os.kill(os.getpid(), signal.SIGKILL)


def surround(write: str, steps: Steps) -> None:
    """A document's write is a step before it and one after it."""
    original = getattr(SqliteDocuments, write)

    def around(self: SqliteDocuments, id: Any, *values: Any) -> Any:
        steps.take(f"before {write} {id.type}")
        result = original(self, id, *values)
        steps.take(f"after {write} {id.type}")
        return result

    setattr(SqliteDocuments, write, around)


def main() -> None:
    log, moment, program, *arguments = sys.argv[1:]
    steps = Steps(log, moment)
    for write in ("put", "put_if", "delete"):
        surround(write, steps)
    sys.addaudithook(steps.watch)
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
