"""Writing an object of S3: small ones at once, large ones part by part, seen only when complete.

Every byte goes with its SHA-256, which S3 checks; what it says it stored is checked against ours.
An upload that fails is aborted. A part is asked of the source when a worker is free for it, so
memory holds a few parts, whatever the size.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, NamedTuple, TypedDict, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cityflow.errors import StoreUnavailable
from cityflow.storage import s3_checksum
from cityflow.storage.aws_faults import code, faults, was_repeated
from cityflow.storage.s3_checksum import PART_BYTES

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

T = TypeVar("T")

_WORKERS: Final = 4
_BLOCK: Final = 1 << 20
_MOST_PARTS: Final = 10_000
_ATTEMPTS: Final = 8
_PAUSE_SECONDS: Final = 0.05
_TOKEN: Final = "write"
_CHANGED: Final = {"PreconditionFailed", "412"}
_GONE: Final = {"NoSuchKey", "404"}
_PART_AGAIN: Final = frozenset({"BadDigest"})
_COMPLETE_AGAIN: Final = frozenset({"OperationAborted"})
_PUT_AGAIN: Final = _PART_AGAIN | _COMPLETE_AGAIN | {"ConditionalRequestConflict"}


class _Part(NamedTuple):
    """A part that S3 holds."""

    number: int
    etag: str
    digest: bytes

    @property
    def completed(self) -> "CompletedPartTypeDef":
        return {
            "PartNumber": self.number,
            "ETag": self.etag,
            "ChecksumSHA256": s3_checksum.text(self.digest),
        }


class Encryption(TypedDict, total=False):
    """How S3 encrypts an object."""

    ServerSideEncryption: Literal["AES256", "aws:kms"]
    SSEKMSKeyId: str


@dataclass(frozen=True)
class Target:
    """Where an object goes, and how S3 encrypts it."""

    bucket: str
    key: str
    where: str
    encryption: Encryption


class Condition(TypedDict, total=False):
    """What must hold for a write to be done."""

    IfNoneMatch: str
    IfMatch: str


class Upload:
    """One object to write, under a condition if one is given."""

    def __init__(self, client: "S3Client", target: Target, condition: Condition) -> None:
        self._client = client
        self._target = target
        self._condition = condition
        self._token = secrets.token_hex(8)

    def run(self, data: bytes | BinaryIO) -> bool:
        """Write it all; False if the condition does not hold (any more)."""
        parts = _parts(data)
        first = next(parts, b"")
        second = next(parts, None)
        with faults(self._target.where):
            if second is None:
                return self._put(first)
            return self._put_parts(chain((first, second), parts))

    def _put(self, data: bytes) -> bool:
        checksum = s3_checksum.text(s3_checksum.digest(data))

        def send() -> str | None:
            answer = self._client.put_object(
                Bucket=self._target.bucket,
                Key=self._target.key,
                **self._condition,
                **self._target.encryption,
                Body=data,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                Metadata={_TOKEN: self._token},
            )
            return answer.get("ChecksumSHA256")

        return self._conditional(send, checksum, _PUT_AGAIN)

    def _put_parts(self, parts: Iterator[bytes]) -> bool:
        created = self._client.create_multipart_upload(
            Bucket=self._target.bucket,
            Key=self._target.key,
            **self._target.encryption,
            ChecksumAlgorithm="SHA256",
            ChecksumType="COMPOSITE",
            Metadata={_TOKEN: self._token, s3_checksum.PART_BYTES_META: str(PART_BYTES)},
        )
        upload, done = created["UploadId"], False
        try:
            done = self._complete(upload, self._send_parts(upload, parts))
        finally:
            if not done:
                with suppress(ClientError, BotoCoreError):  # what went wrong says more
                    self._client.abort_multipart_upload(
                        Bucket=self._target.bucket, Key=self._target.key, UploadId=upload
                    )
        return done

    def _send_parts(self, upload: str, parts: Iterator[bytes]) -> list[_Part]:
        sent: list[_Part] = []
        waiting: deque[Future[_Part]] = deque()
        with ThreadPoolExecutor(_WORKERS) as pool:
            try:
                for number, data in enumerate(parts, 1):
                    if number > _MOST_PARTS:
                        raise StoreUnavailable(
                            f"{self._target.where}: larger than {_MOST_PARTS * PART_BYTES:,} bytes;"
                            " put it in pieces"
                        )
                    waiting.append(pool.submit(self._send_part, upload, number, data))
                    if len(waiting) == _WORKERS:
                        sent.append(waiting.popleft().result())
                return sent + [future.result() for future in waiting]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _send_part(self, upload: str, number: int, data: bytes) -> _Part:
        digest = s3_checksum.digest(data)

        def send() -> str:
            answer = self._client.upload_part(
                Bucket=self._target.bucket,
                Key=self._target.key,
                UploadId=upload,
                PartNumber=number,
                Body=data,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=s3_checksum.text(digest),
            )
            return answer["ETag"]

        return _Part(number, _again(send, _PART_AGAIN), digest)

    def _complete(self, upload: str, parts: list[_Part]) -> bool:
        def send() -> str | None:
            answer = self._client.complete_multipart_upload(
                Bucket=self._target.bucket,
                Key=self._target.key,
                **self._condition,
                UploadId=upload,
                MultipartUpload={"Parts": [part.completed for part in parts]},
            )
            return answer.get("ChecksumSHA256")

        checksum = s3_checksum.composite(part.digest for part in parts)
        return self._conditional(send, checksum, _COMPLETE_AGAIN)

    def _conditional(
        self, send: Callable[[], str | None], checksum: str, again: frozenset[str]
    ) -> bool:
        try:
            stored = _again(send, again)
        except ClientError as error:
            if not self._decided(error):
                raise
            return was_repeated(error) and self._is_ours()
        if stored is not None and not s3_checksum.same(checksum, stored):
            raise StoreUnavailable(
                f"{self._target.where}: S3 holds SHA-256 {stored} of what had {checksum}; delete "
                "it, then run again"
            )
        return True

    def _decided(self, error: ClientError) -> bool:
        """Whether a refusal means that the object changed, or that this very call had succeeded."""
        sign = code(error)
        if sign == "NoSuchUpload":
            return was_repeated(error) and self._is_ours()
        if sign == "ConditionalRequestConflict":
            return self._token_held() is not None
        return sign in _CHANGED or (bool(self._condition) and sign in _GONE)

    def _is_ours(self) -> bool:
        return self._token_held() == self._token

    def _token_held(self) -> str | None:
        """The token of the object that stands there; empty if it has none, None if none stands."""
        try:
            answer = self._client.head_object(Bucket=self._target.bucket, Key=self._target.key)
        except ClientError as error:
            if code(error) in _GONE:
                return None
            raise
        return answer["Metadata"].get(_TOKEN, "")


def _again(send: Callable[[], T], signs: frozenset[str]) -> T:
    for attempt in range(1, _ATTEMPTS):
        try:
            return send()
        except ClientError as error:
            if code(error) not in signs:
                raise
        time.sleep(_PAUSE_SECONDS * 2**attempt)
    return send()


def _parts(data: bytes | BinaryIO) -> Iterator[bytes]:
    """What is to be written in pieces of PART_BYTES, the last one shorter."""
    if isinstance(data, bytes):
        for start in range(0, len(data), PART_BYTES):
            yield data[start : start + PART_BYTES]
        return
    while part := _read_part(data):
        yield part


def _read_part(stream: BinaryIO) -> bytes:
    part = bytearray()
    while len(part) < PART_BYTES and (block := stream.read(min(_BLOCK, PART_BYTES - len(part)))):
        part += block
    return bytes(part)
