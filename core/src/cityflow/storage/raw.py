"""Raw bytes are stored once per dataset and digest; every arrival leaves a receipt beside them.

Where the bytes of a digest stand is settled by one put_if (their claim, type `raw/<dataset>`)
before they are written: two archivers of the same bytes write the same object, and a kill between
any two steps is mended by the next archive of these bytes. Receipts go by compare and replace.
The same content in another packing (gzip bytes differ from one answer to the next) is settled by a
second claim (type `content/<dataset>`): it is stored once too.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Literal

from cityflow.contracts import RawMeta, Receipt
from cityflow.contracts.base import SCHEMA_VERSION
from cityflow.errors import ObjectNotFound, VersionConflict
from cityflow.storage import canonical, intake, layout, rules
from cityflow.storage.outside import OutsideFiles
from cityflow.storage.ports import NO_DAY, DocumentId, Store
from cityflow.telemetry import get_logger

_READERS: Final = 8

_log = get_logger(__name__)


@dataclass(frozen=True)
class NewRaw:
    """What is known of bytes that arrive, but for their digest and size. `received_at` is UTC."""

    dataset: str
    extension: str
    media: Literal["csv", "json", "geojson"]
    packing: Literal["plain", "gzip", "zip"]
    synthetic: bool
    origin: str
    position: int
    received_at: datetime
    content_sha256: str | None = None
    url: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Archived:
    """Where the bytes stand; `new` if this call stored them."""

    key: str
    sha256: str
    bytes: int
    new: bool


@dataclass(frozen=True)
class RawEntry:
    """A raw object and its provenance."""

    key: str
    meta: RawMeta


class RawZone:
    """The raw zone of a store."""

    def __init__(self, store: Store) -> None:
        self._documents = store.documents
        self._objects = store.objects
        self._listed: dict[str, tuple[str, ...]] = {}
        self.outside = OutsideFiles(store.documents)

    def archive(self, source: Path | BinaryIO, meta: NewRaw) -> Archived:
        """Store the bytes of a file or stream unless they are held, and add the receipt.

        The source is read twice (once if the bytes are held) in blocks. Raises SourceError if it
        cannot be read or changes meanwhile. A held object of another size was cut: it is replaced.
        """
        with intake.opened(source, meta.origin) as stream:
            sha256, size = intake.digest_of(stream, meta.origin)
            key = self._claim(meta, sha256)
            if (held := self._same_content(meta, key)) is not None:
                return self._receive_again(held, meta, sha256)
            content = intake.verified(stream, sha256, meta.origin)
            new = self._objects.put_if_absent(key, content)
            if not new and self._objects.size(key) != size:
                self._objects.put(key, content)
        self._settle(key, first_meta(meta, sha256, size))
        return Archived(key, sha256, size, new)

    def adopt(self, stream: BinaryIO, meta: RawMeta) -> None:
        """Store bytes under the provenance, with all its receipts, that they have elsewhere."""
        first = meta.receipts[0]
        known = NewRaw(
            dataset=meta.dataset,
            extension=meta.extension,
            media=meta.media,
            packing=meta.packing,
            synthetic=meta.synthetic,
            origin=first.origin,
            position=first.position,
            received_at=first.received_at,
        )
        self._add_receipt(self.archive(stream, known).key, meta)

    def entries(self, dataset: str) -> list[RawEntry]:
        """All raw objects and registered files of a dataset, by last receipt (received_at,
        position, sha256).

        Their bytes may be gone, as when old ones are kept elsewhere; bytes without provenance are
        left out.
        """
        keys = {info.key for info in self._objects.list(f"raw/{dataset}/")}
        received = {key.removesuffix(layout.META) for key in keys if key.endswith(layout.META)}
        contents = {key for key in keys if not key.endswith(layout.META)}
        if strays := sorted(contents - received):
            _log.warning(
                "raw objects without provenance are left out; archive the same files again",
                dataset=dataset,
                objects=len(strays),
                first=strays[0],
            )
        # Reading one after the other would cost a round trip each on a remote store.
        with ThreadPoolExecutor(_READERS) as pool:
            entries = list(pool.map(self._entry, sorted(received)))
        held = {entry.meta.sha256 for entry in entries}
        entries += [one for one in self._outside(dataset) if one.meta.sha256 not in held]
        return sorted(entries, key=_last_receipt)

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A seekable stream of the bytes as received; of a registered file once it is verified."""
        return self.outside.open(key) if layout.is_outside(key) else self._objects.open(key)

    def read_into(self, key: str, start: int, buffer: bytearray) -> int:
        """Fill a buffer with the bytes from `start`; how many there were.

        Of a registered file that its reader has opened, and so verified, as a whole.
        """
        read = self.outside.read_into if layout.is_outside(key) else self._objects.read_into
        return read(key, start, buffer)

    def size(self, key: str) -> int | None:
        """Size of the bytes, or None if they are not there."""
        return self.outside.size(key) if layout.is_outside(key) else self._objects.size(key)

    def holds(self, dataset: str, sha256: str) -> bool:
        """Whether the bytes of this digest are stored."""
        key = self.key_of(dataset, sha256)
        return key is not None and self._objects.size(key) is not None

    def key_of(self, dataset: str, sha256: str) -> str | None:
        """Where the bytes of this digest stand or are to stand, if that is settled."""
        claim = self._documents.get(_claim_id(dataset, sha256))
        return None if claim is None else str(claim.body["key"])

    def _outside(self, dataset: str) -> list[RawEntry]:
        metas = [file.meta for file in self.outside.files(dataset)]
        return [RawEntry(layout.outside(dataset, m.sha256, m.extension), m) for m in metas]

    def _same_content(self, meta: NewRaw, key: str) -> str | None:
        """Another key than this, where the same content stands whole; else the claim is this."""
        if meta.content_sha256 is None:
            return None
        id = DocumentId(f"content/{meta.dataset}", NO_DAY, meta.content_sha256)
        claim = self._documents.get(id)
        held = str(claim.body["key"]) if claim else key
        if claim and (held == key or self._is_whole(held)):
            return None if held == key else held
        try:
            self._documents.put_if(
                id, {"schema_version": SCHEMA_VERSION, "key": key}, claim.version if claim else 0
            )
        except VersionConflict:
            return self._same_content(meta, key)
        return None

    def _is_whole(self, key: str) -> bool:
        size = self._objects.size(key)
        try:
            return size is not None and size == self._entry(key).meta.bytes
        except ObjectNotFound:  # killed before its receipt was written
            return size is not None

    def _receive_again(self, key: str, meta: NewRaw, arrived: str) -> Archived:
        try:
            held = self._entry(key).meta
            sha256, size = held.sha256, held.bytes
        except ObjectNotFound:
            with self._objects.open(key) as stream:
                sha256, size = intake.digest_of(stream, key)
        self._add_receipt(key, first_meta(meta, sha256, size, arrived))
        return Archived(key, sha256, size, False)

    def _claim(self, meta: NewRaw, sha256: str) -> str:
        """The one key of these bytes, settled now unless it was before."""
        id = DocumentId(f"raw/{meta.dataset}", NO_DAY, sha256)
        if claim := self._documents.get(id):
            return str(claim.body["key"])
        key = self._held(meta.dataset, sha256) or layout.raw(
            meta.dataset, rules.utc(meta.received_at), sha256, meta.extension
        )
        try:
            self._documents.put_if(id, {"schema_version": SCHEMA_VERSION, "key": key}, 0)
        except VersionConflict:
            return self._claim(meta, sha256)  # another archiver settled it just now
        return key

    def _held(self, dataset: str, sha256: str) -> str | None:
        """Where an unclaimed object of these bytes stands: the database may be newer than raw/."""
        if dataset not in self._listed:
            infos = self._objects.list(f"raw/{dataset}/")
            self._listed[dataset] = tuple(i.key for i in infos if not i.key.endswith(layout.META))
        sign = f"-{sha256[:12]}."
        held = (key for key in self._listed[dataset] if sign in key and self._is(key, sha256))
        return next(held, None)

    def _is(self, key: str, sha256: str) -> bool:
        try:
            return self._entry(key).meta.sha256 == sha256
        except ObjectNotFound:
            with self._objects.open(key) as stream:
                return intake.digest_of(stream, key)[0] == sha256

    def _entry(self, key: str) -> RawEntry:
        meta_key = layout.raw_meta(key)
        return RawEntry(key, _meta(meta_key, self._objects.read(meta_key)))

    def _settle(self, key: str, first: RawMeta) -> None:
        """Add the receipts, with those of a registration that the stored bytes replace."""
        registered = self.outside.find(first.sha256)
        self._add_receipt(key, first.received(registered.meta.receipts if registered else ()))
        if registered:
            self.outside.forget(first.sha256)

    def _add_receipt(self, key: str, first: RawMeta) -> None:
        """Retries until no other archiver came between: each failure is another's success."""
        meta_key = layout.raw_meta(key)
        while True:
            try:
                text, tag = self._objects.read_tagged(meta_key)
            except ObjectNotFound:
                if self._objects.put_if_absent(meta_key, _text(first)):
                    return
                continue
            held = _meta(meta_key, text)
            grown = held.received(first.receipts)
            if grown == held:
                return
            if self._objects.put_if_tag(meta_key, _text(grown), tag):
                return


def merged_provenance(key: str, held: bytes, arriving: bytes) -> bytes:
    """The provenance `held` with the receipts of both; the same bytes if nothing is new."""
    if held == arriving:
        return held
    return _text(_meta(key, held).received(_meta(key, arriving).receipts))


def first_meta(meta: NewRaw, sha256: str, size: int, arrived: str | None = None) -> RawMeta:
    """The provenance of bytes at their first arrival; `arrived`: the digest of what came."""
    return RawMeta(
        dataset=meta.dataset,
        sha256=sha256,
        bytes=size,
        extension=meta.extension,
        media=meta.media,
        packing=meta.packing,
        synthetic=meta.synthetic,
        content_sha256=meta.content_sha256,
        url=meta.url,
        params=dict(meta.params),
        status=meta.status,
        headers=dict(meta.headers),
        receipts=(
            Receipt(
                received_at=rules.utc(meta.received_at),
                position=meta.position,
                # A file name need not be unicode; a document is.
                origin=meta.origin.encode(errors="backslashreplace").decode(),
                sha256=arrived,
            ),
        ),
    )


def _text(meta: RawMeta) -> bytes:
    return f"{canonical.dumps(meta.model_dump(mode='json'))}\n".encode()


def _meta(key: str, text: bytes) -> RawMeta:
    where = f"object {key}"
    return rules.parse(RawMeta, where, rules.decode_body(where, text))


def _claim_id(dataset: str, sha256: str) -> DocumentId:
    return DocumentId(f"raw/{dataset}", NO_DAY, sha256)


def _last_receipt(entry: RawEntry) -> tuple[datetime, int, str]:
    last = entry.meta.receipts[-1]
    return last.received_at, last.position, entry.meta.sha256
