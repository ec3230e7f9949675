"""The unconditional write of a remote store: read the version, write over it, again if need be.

Each turn is conditional, so a write that the network repeats counts once, and versions have no
gaps. A turn is lost only to another writer's success.
"""

from collections.abc import Callable

from cityflow.errors import VersionConflict


def put_over(version: Callable[[], int], write: Callable[[int], int]) -> int:
    """The new version. `version` reads the stored one, 0 if none; `write` writes over it."""
    while True:
        try:
            return write(version())
        except VersionConflict:
            continue
