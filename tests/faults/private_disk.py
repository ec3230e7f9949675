"""A small disk that only the commands of one house see: a tmpfs in a mount namespace of its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness import House

_MOUNT: Final = 'mount -t tmpfs -o "size=$2m" none "$1" && echo mounted && exec cat'


@dataclass(frozen=True)
class PrivateDisk:
    """The disk: a house whose `output` is on it, and what can be done to it."""

    house: House
    _enter: tuple[str, ...]

    def leave_free(self, size: int) -> None:
        """Fill it up, but for so many bytes."""
        self.free()
        status = os.statvfs(self.house.output)
        with self._ballast.open("wb") as file:
            if (fill := status.f_bavail * status.f_frsize - size) > 0:
                os.posix_fallocate(file.fileno(), 0, fill)

    def free(self) -> None:
        """Take the ballast away."""
        self._ballast.unlink(missing_ok=True)

    def remount(self, option: str) -> None:
        """Make it `ro` or `rw`."""
        place = self.house.folder / "output"
        command = [*self._enter, "mount", "-o", f"remount,{option}", str(place)]
        subprocess.run(command, check=True, timeout=30)

    @property
    def used(self) -> int:
        """Bytes on it."""
        status = os.statvfs(self.house.output)
        return (status.f_blocks - status.f_bfree) * status.f_frsize

    @property
    def _ballast(self) -> Path:
        return self.house.output / "ballast"


@contextmanager
def private_disk(folder: Path, mebibytes: int) -> Iterator[PrivateDisk]:
    """Mount a disk over `folder/output`; it vanishes with the process that holds it."""
    place = folder / "output"
    place.mkdir(parents=True)
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    holder = subprocess.Popen(
        ["unshare", *as_root, "--mount", "sh", "-c", _MOUNT, "sh", place, str(mebibytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin and holder.stdout
    with holder:  # closes its input, which ends it
        assert holder.stdout.readline() == "mounted\n"
        user = ("--user", "--preserve-credentials") if as_root else ()
        enter = ("nsenter", "--target", str(holder.pid), *user, "--mount")
        view = Path(f"/proc/{holder.pid}/root{folder}")
        yield PrivateDisk(House(folder, prefix=enter, view=view), enter)
