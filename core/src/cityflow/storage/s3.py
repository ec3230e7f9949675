"""Objects in S3, under their keys: raw/ in a bucket of its own if there is one.

Readers see the old object or the new, for S3 shows none before it is complete. Every object is put
encrypted and without an access list: who may read it is the bucket's policy.
"""

import heapq
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from botocore.exceptions import ClientError

from cityflow.errors import ObjectNotFound
from cityflow.storage import rules
from cityflow.storage.aws import Aws
from cityflow.storage.aws_faults import code, faults
from cityflow.storage.ports import ObjectInfo
from cityflow.storage.s3_buckets import Buckets
from cityflow.storage.s3_stream import S3Stream, read_body, unbroken
from cityflow.storage.s3_upload import Condition, Encryption, Target, Upload

_BUFFER: Final = 1 << 20
_NONE: Final = {"404", "NoSuchKey"}
_BEYOND: Final = {"416", "InvalidRange"}


class S3Objects:
    """The port Objects over the bucket `reports`; keys under `raw/` stand in `raw` if it is given.

    `kms_key_id` names the key that encrypts what is put; None: a key of S3's own.
    """

    def __init__(
        self, aws: Aws, reports: str, raw: str | None = None, *, kms_key_id: str | None = None
    ) -> None:
        self._buckets = Buckets(aws, reports, raw)
        self._encryption: Encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
            if kms_key_id
            else {"ServerSideEncryption": "AES256"}
        )

    def put(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> None:
        """Write or replace; S3 is always durable."""
        self._upload(key, data, {})

    def put_if_absent(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> bool:
        """Write unless the key exists; True if this call wrote it."""
        # A stream is not read in vain, nor sent.
        if not isinstance(data, bytes) and self.size(key) is not None:
            return False
        return self._upload(key, data, {"IfNoneMatch": "*"})

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """A seekable binary stream for reading."""
        with io.BufferedReader(self._stream(key), _BUFFER) as stream:
            yield cast(BinaryIO, stream)

    def read(self, key: str) -> bytes:
        """The whole object, its SHA-256 checked."""
        return self.read_tagged(key)[0]

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; empty beyond the end."""
        if start < 0 or length < 0:
            raise ValueError(f"range {start}+{length} of {key}: neither may be negative")
        bucket = self._bucket(key)
        where = self._where(key)
        asked = f"bytes={start}-{start + max(length, 1) - 1}"

        def read() -> bytes:
            answer = self._buckets.client.get_object(Bucket=bucket, Key=key, Range=asked)
            return read_body(answer["Body"], where)

        with self._finding(key):
            try:
                return unbroken(read)[:length]
            except ClientError as error:
                if code(error) not in _BEYOND:
                    raise
                return b""

    def read_into(self, key: str, start: int, buffer: bytearray) -> int:
        """Fill a buffer with the bytes from `start`; how many there were."""
        content = self.read_range(key, start, len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """The whole object and the tag of this content."""
        with self._stream(key) as stream:
            return stream.readall(), stream.etag

    def put_if_tag(self, key: str, data: bytes, tag: str) -> bool:
        """Replace only if the object still has the content of `tag`."""
        return self._upload(key, data, {"IfMatch": tag})

    def size(self, key: str) -> int | None:
        """Size in bytes, or None if there is no such key."""
        bucket = self._bucket(key)
        with faults(self._where(key)):
            try:
                answer = self._buckets.client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if code(error) in _NONE:
                    return None
                raise
        return answer["ContentLength"]

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, by key."""
        rules.check_prefix(prefix)
        buckets = sorted(self._buckets.of_prefix(prefix))
        return heapq.merge(
            *(self._list(bucket, prefix) for bucket in buckets), key=lambda info: info.key
        )

    def delete(self, key: str) -> None:
        """Remove it; nothing happens if it is not there."""
        bucket = self._bucket(key)
        with faults(self._where(key)):
            self._buckets.client.delete_object(Bucket=bucket, Key=key)

    def uri(self, key: str) -> str:
        """Its s3:// address."""
        rules.check_key(key)
        return f"s3://{self._buckets.of(key)}/{key}"

    def _upload(self, key: str, data: bytes | BinaryIO, condition: Condition) -> bool:
        bucket = self._bucket(key)
        target = Target(bucket, key, self._where(key), self._encryption)
        return Upload(self._buckets.client, target, condition).run(data)

    def _stream(self, key: str) -> S3Stream:
        bucket = self._bucket(key)
        with self._finding(key):
            return S3Stream(self._buckets.client, bucket, key, self._where(key))

    def _list(self, bucket: str, prefix: str) -> Iterator[ObjectInfo]:
        self._buckets.ready(bucket)
        pages = self._buckets.client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix
        )
        with faults(self._buckets.where(bucket)):
            for page in pages:
                for found in page.get("Contents", ()):
                    key = found["Key"]
                    if rules.is_key(key) and self._buckets.of(key) == bucket:
                        yield ObjectInfo(key, found["Size"])

    def _bucket(self, key: str) -> str:
        rules.check_key(key)
        return self._buckets.ready(self._buckets.of(key))

    def _where(self, key: str) -> str:
        return f"object {key} of {self._buckets.where(self._buckets.of(key))}"

    @contextmanager
    def _finding(self, key: str) -> Iterator[None]:
        with faults(self._where(key)):
            try:
                yield
            except ClientError as error:
                if code(error) not in _NONE:
                    raise
                raise ObjectNotFound(f"{self._where(key)}: there is none") from error
