"""Reading an object of S3 as a file: one answer for as long as it is read on, in bounded memory.

A connection that breaks is taken up where it broke, as long as the object is the same. An object
read from its first byte to its last is checked by its SHA-256.
"""

import io
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import (
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from cityflow.errors import StoreUnavailable, TryAgain
from cityflow.storage.aws_faults import code, faults
from cityflow.storage.s3_checksum import Verifier

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client

T = TypeVar("T")

_ATTEMPTS: Final = 6
_PAUSE_SECONDS: Final = 0.1


class BrokenOff(TryAgain):
    """An answer broke off before its end."""


def unbroken(read: Callable[[], T]) -> T:
    """What `read` gives; read again, after longer and longer pauses, if the answer breaks off."""
    for attempt in range(1, _ATTEMPTS):
        try:
            return read()
        except BrokenOff:
            time.sleep(_PAUSE_SECONDS * 2**attempt)
    return read()


def read_body(body: "StreamingBody", where: str, length: int | None = None) -> bytes:
    """Bytes of an answer, at most `length`; none only at its end. Raises BrokenOff."""
    try:
        return body.read(length)
    except (HTTPClientError, IncompleteReadError) as error:
        raise BrokenOff(f"{where}: the answer breaks off ({error}); run again") from error
    except FlexibleChecksumError as error:
        raise damaged(where) from error


def damaged(where: str) -> StoreUnavailable:
    """What is said of bytes that are not those that were put."""
    return StoreUnavailable(
        f"{where}: its bytes are not those that were put (SHA-256); restore it from a backup, or "
        "delete it and run again"
    )


class S3Stream(io.RawIOBase):
    """An object as a seekable raw stream. Raises what GetObject raises if there is none."""

    def __init__(self, client: "S3Client", bucket: str, key: str, where: str) -> None:
        self._client = client
        self._bucket, self._key = bucket, key
        self._where = where
        answer = client.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        self._etag, self._size = answer["ETag"], answer["ContentLength"]
        self._verifier = Verifier.of(answer)
        self._body: StreamingBody | None = answer["Body"]
        self._body_at = 0
        self._position = 0

    @property
    def etag(self) -> str:
        """The tag of this content."""
        return self._etag

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere; the next read asks for the rest from there."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"{self._where}: negative position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, target: "WriteableBuffer") -> int:
        """Fill what can be filled at once; 0 at the end."""
        room = memoryview(target).cast("B")
        data = self._read(len(room))
        room[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """The rest, in one piece."""
        pieces = []
        while data := self._read(self._size):
            pieces.append(data)
        return b"".join(pieces)

    def close(self) -> None:
        """Drop the connection."""
        self._drop()
        super().close()

    def _read(self, length: int) -> bytes:
        if self._position >= self._size or not length:
            return b""
        with faults(self._where):
            data = unbroken(lambda: self._read_on(length))
        if self._verifier is not None:
            self._verifier.update(self._position, data)
            if self._verifier.seen == self._size and not self._verifier.holds():
                raise damaged(self._where)
        self._position += len(data)
        return data

    def _read_on(self, length: int) -> bytes:
        try:
            data = read_body(self._body_here(), self._where, length)
            if not data:
                raise BrokenOff(f"{self._where}: the answer ends too early; run again")
        except BrokenOff:
            self._drop()
            raise
        self._body_at += len(data)
        return data

    def _body_here(self) -> "StreamingBody":
        if self._body is None or self._body_at != self._position:
            self._drop()
            self._body = self._rest()
            self._body_at = self._position
        return self._body

    def _rest(self) -> "StreamingBody":
        try:
            answer = self._client.get_object(
                Bucket=self._bucket,
                Key=self._key,
                Range=f"bytes={self._position}-",
                IfMatch=self._etag,
            )
        except ClientError as error:
            if code(error) not in {"PreconditionFailed", "412", "NoSuchKey"}:
                raise
            raise TryAgain(f"{self._where}: replaced while it was read; run again") from error
        return answer["Body"]

    def _drop(self) -> None:
        if self._body is not None:
            with suppress(Exception):
                self._body.close()
            self._body = None
