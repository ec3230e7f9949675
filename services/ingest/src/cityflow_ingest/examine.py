"""A file is archived only if all of it can be read: every member, to its end, within limits.

Recognition reads heads. Packed content is then expanded to its end and thrown away, so a cut or
damaged archive is refused here and not met by the processor; memory stays bounded by the buffers.
"""

from dataclasses import dataclass
from typing import BinaryIO, Final

from cityflow.contracts import Dataset
from cityflow.errors import FileDamaged, FileRefused
from cityflow.packed import Limits, Packing, open_members, packing_of
from cityflow_ingest.foreign import refuse_foreign_member
from cityflow_ingest.formats import Container, Media
from cityflow_ingest.recognise import Recognised, recognise
from cityflow_ingest.sample import Head

LIMITS: Final = Limits()
_BLOCK: Final = 256 * 1024
_TAIL: Final = 64
_SUFFIX: Final[dict[Packing, str]] = {"plain": "", "gzip": ".gz", "zip": ".zip"}


@dataclass(frozen=True)
class Examined:
    """What a file is, as it is said in its provenance; and the normal names of its columns."""

    dataset: Dataset
    container: Container
    columns: frozenset[str]
    media: Media
    packing: Packing
    synthetic: bool

    @property
    def extension(self) -> str:
        """Of the raw object: `csv`, `csv.gz`, `csv.zip`, `geojson`, …"""
        return f"{self.media}{_SUFFIX[self.packing]}"


def examine(
    stream: BinaryIO, name: str, wanted: Dataset | None = None, limits: Limits = LIMITS
) -> Examined:
    """What the file behind a seekable stream is. Raises FileRefused, naming `name`."""
    packing = packing_of(stream.read(4))
    stream.seek(0)
    found: list[Recognised] = []
    for member, reader in open_members(stream, packing, limits, name):
        refuse_foreign_member(member, name)
        inside = f"{name} ({member})" if member else name
        found.append(_examine_member(reader, inside, wanted, packing))
        _check_agreement(found, inside)
    first = found[0]
    synthetic = any(one.synthetic for one in found)
    known = first.format
    return Examined(known.dataset, known.container, first.columns, first.media, packing, synthetic)


def _examine_member(
    reader: BinaryIO, name: str, wanted: Dataset | None, packing: Packing
) -> Recognised:
    head = Head.read(reader)
    recognised = recognise(head, name, wanted)
    if head.whole:
        return recognised
    tail = _last_bytes(reader) if packing == "plain" else _drain(reader)
    if recognised.media != "csv" and not tail.rstrip().endswith(_closer(head)):
        raise FileDamaged(name, "JSON cut short: its end is missing", "a whole JSON document")
    return recognised


def _closer(head: Head) -> bytes:
    """What ends a JSON document that starts so."""
    return b"]" if head.data.lstrip().startswith(b"[") else b"}"


def _last_bytes(stream: BinaryIO) -> bytes:
    stream.seek(-_TAIL, 2)
    return stream.read()


def _drain(reader: BinaryIO) -> bytes:
    """Read to the end, which verifies the checksum; the last bytes."""
    tail = b""
    while block := reader.read(_BLOCK):
        tail = (tail + block)[-_TAIL:]
    return tail


def _check_agreement(found: list[Recognised], name: str) -> None:
    """Members of one archive are of one format, and several only where the city packs so."""
    first, last = found[0], found[-1]
    if (first.format, first.media) != (last.format, last.media):
        both = f"{last.format} as {last.media} after {first.format} as {first.media}"
        raise FileRefused(name, both, "files of one kind in one archive")
    if len(found) > 1 and not first.format.several:
        raise FileRefused(name, f"a second file of {first.format}", "one file in the archive")
