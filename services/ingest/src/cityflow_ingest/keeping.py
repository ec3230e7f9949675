"""Two ways to keep a file that is good: copied into the raw zone, or registered where it lies."""

from pathlib import Path
from typing import BinaryIO, Literal

from cityflow.storage import Archived, NewRaw, RawZone, first_meta, intake, layout


class Copying:
    """Bytes are stored, once."""

    done: Literal["stored", "registered"] = "stored"

    def __init__(self, zone: RawZone) -> None:
        self._zone = zone

    def keep(self, stream: BinaryIO, path: Path, meta: NewRaw) -> Archived:
        """Store the bytes of the stream unless they are held, and add the receipt."""
        return self._zone.archive(stream, meta)


class Registering:
    """Path, size and digest are noted; the bytes stay outside the store."""

    done: Literal["stored", "registered"] = "registered"

    def __init__(self, zone: RawZone) -> None:
        self._zone = zone

    def keep(self, stream: BinaryIO, path: Path, meta: NewRaw) -> Archived:
        """Register the file, or add a receipt to bytes that are stored already."""
        sha256, size = intake.digest_of(stream, meta.origin)
        if self._zone.holds(meta.dataset, sha256):
            return self._zone.archive(stream, meta)
        new = self._zone.outside.register(path.resolve(), first_meta(meta, sha256, size))
        return Archived(layout.outside(meta.dataset, sha256, meta.extension), sha256, size, new)
