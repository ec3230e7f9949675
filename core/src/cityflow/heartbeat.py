"""How a service that stays is doing: a small file, judged by `python -m cityflow.heartbeat FILE`.

A source that fails is no illness of the service that asks it; a store that fails is one, and so is
a loop that no longer turns.
"""

import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from cityflow.errors import StoreUnavailable

State = Literal["working", "resting", "failed"]

REST_SECONDS: Final = 180.0
"""No pause between two turns is as long."""

WORK_SECONDS: Final = 12 * 3600.0
"""No turn is as long."""


def beat(file: Path | None, state: State, reason: str = "", exit_code: int = 0) -> None:
    """Note the state in the file, if there is one; a file that cannot be written grows old."""
    if file is None:
        return
    text = json.dumps({"state": state, "reason": reason, "exit_code": exit_code})
    with suppress(OSError):
        new = file.with_name(f".{file.name}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(file)


def illness(file: Path) -> str | None:
    """Why the service is not well; None if it is."""
    try:
        age_seconds = time.time() - file.stat().st_mtime
        noted = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return f"{file}: nothing noted; the service has not begun to work"
    limit = WORK_SECONDS if noted["state"] == "working" else REST_SECONDS
    if age_seconds > limit:
        return f"{noted['state']} for {age_seconds:.0f} s; it no longer turns"
    return str(noted["reason"]) if noted["exit_code"] == StoreUnavailable.exit_code else None


def main(arguments: list[str]) -> int:
    """Print whether the service of a file is well; returns 0 if so, else 1."""
    found = illness(Path(arguments[0]))
    sys.stdout.write(f"{found or 'well'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
