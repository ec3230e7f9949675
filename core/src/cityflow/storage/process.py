"""Who owns unfinished work, and whether that process is gone for certain."""

import os
import secrets
import socket
from pathlib import Path
from typing import Final

_FIRST_PID_NAMESPACE: Final = "4026531836"

# Tells this process from an earlier one of the same pid, as after a restart of a container.
TOKEN: Final = secrets.token_hex(4)


def _host() -> str:
    name = socket.gethostname()
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return name
    # Two containers may share a host name and not their pids.
    return name if namespace == _FIRST_PID_NAMESPACE else f"{name}.{namespace}"


HOST: Final = _host()


def owner() -> str:
    """This process as host:pid."""
    return f"{HOST}:{os.getpid()}"


def is_here(owner: str) -> bool:
    """Whether that owner's process is, or was, one of this host."""
    return owner.rpartition(":")[0] == HOST


def is_gone(owner: str, token: str | None = None) -> bool:
    """True if that process is surely gone: it was one of this host and runs no more.

    With the `token` it left, a process of this very pid is recognised as an earlier one.
    """
    pid = owner.rpartition(":")[2]
    if not is_here(owner) or not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        return token is not None and token != TOKEN
    return not _runs(int(pid))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state not in "ZX"
