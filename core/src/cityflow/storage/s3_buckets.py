"""The buckets of a store: the raw zone's, if it has its own, and that of everything else."""

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from cityflow.errors import StoreUnavailable
from cityflow.storage.aws import Aws, connect, contact
from cityflow.storage.aws_faults import code, faults
from cityflow.storage.per_process import PerProcess

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.literals import BucketLocationConstraintType

_RAW_FOLDER: Final = "raw/"

_HOME: Final = "us-east-1"


class Buckets:
    """Clients of the buckets; each is looked at before it is used, and made if it may be."""

    def __init__(self, aws: Aws, reports: str, raw: str | None) -> None:
        self._aws = aws
        self._reports = reports
        self._raw = raw or reports
        self._client = PerProcess(lambda: self._connected(self._aws.patient()))
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    @property
    def client(self) -> "S3Client":
        """The patient client of this process."""
        return self._client.get()

    def of(self, key: str) -> str:
        """The bucket that holds a key."""
        return self._raw if key.startswith(_RAW_FOLDER) else self._reports

    def of_prefix(self, prefix: str) -> set[str]:
        """The buckets that may hold keys with this prefix."""
        if _RAW_FOLDER.startswith(prefix) and prefix != _RAW_FOLDER:
            return {self._raw, self._reports}
        return {self.of(prefix)}

    def ready(self, bucket: str) -> str:
        """The bucket's name, once it is sure to exist. Raises StoreUnavailable."""
        with self._lock:
            if bucket not in self._seen:
                with faults(self.where(bucket)):
                    self._look(bucket)
                self._seen.add(bucket)
        return bucket

    def where(self, bucket: str) -> str:
        """The bucket, in messages."""
        return f"bucket {bucket} in {self._aws.place}"

    def _connected(self, config: Config) -> "S3Client":
        url = self._aws.endpoint_url
        return connect(lambda session: session.client("s3", endpoint_url=url, config=config))

    def _look(self, bucket: str) -> None:
        if self._exists(bucket):
            return
        if not self._aws.creates:
            raise StoreUnavailable(
                f"{self.where(bucket)} does not exist: make it, or set AWS_CREATE_MISSING=true to "
                "have it made"
            )
        self._make(bucket)

    def _exists(self, bucket: str) -> bool:
        def ask(client: "S3Client") -> bool:
            try:
                client.head_bucket(Bucket=bucket)
            except ClientError as error:
                if code(error) not in {"404", "NoSuchBucket"}:
                    raise
                return False
            return True

        with closing(self._connected(self._aws.quick())) as quick:
            try:
                return contact(lambda: ask(quick))
            except ClientError:  # something answers there: now patience is right
                return ask(self.client)

    def _make(self, bucket: str) -> None:
        """A bucket nobody else may read, whose objects are encrypted: as S3 makes them today."""
        try:
            if self._aws.region == _HOME:
                self.client.create_bucket(Bucket=bucket)
            else:
                region = cast("BucketLocationConstraintType", self._aws.region)
                self.client.create_bucket(
                    Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region}
                )
        except self.client.exceptions.BucketAlreadyOwnedByYou:  # another was faster
            return
