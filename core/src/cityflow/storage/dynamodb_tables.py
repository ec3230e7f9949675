"""The three tables of DynamoDB: which holds what, under which keys, and how a missing one is made.

pk                       sk                      holds
document#<type>          <day>#<key>             a document
types                    <type>                  that documents of this type were written
"""

import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError

from cityflow.errors import StoreUnavailable, TryAgain
from cityflow.storage.aws import Aws, connect, contact
from cityflow.storage.aws_faults import faults
from cityflow.storage.per_process import PerProcess
from cityflow.storage.ports import DocumentId

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

EXPIRES: Final = "expires_at"

_LEDGER: Final = frozenset(
    {
        *("run", "running", "lease", "raw", "content", "outside"),
        *("holding", "setback", "source", "processed"),
    }
)
_BATCH: Final = 25
_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 5.0
_AFTER_HASH: Final = "$"
_FIRST: Final = "0"
_LAST: Final = f"9999-12-31{_AFTER_HASH}"


class TableNames(NamedTuple):
    """Names of the tables."""

    metrics: str
    reports: str
    runs: str

    def of(self, type: str) -> str:
        """The table of a document type: the ledger's, the reports', or that of the metrics."""
        group, _, dataset = type.partition("/")
        if group in _LEDGER:
            return self.runs
        return self.reports if dataset == "report" else self.metrics


class Key(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str

    @property
    def item(self) -> dict[str, dict[str, str]]:
        """As DynamoDB takes it."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


TYPES: Final = "types"


def partition(type: str) -> str:
    """The partition of the documents of a type."""
    return f"document#{type}"


def key_of(id: DocumentId) -> Key:
    """The key of a document."""
    return Key(partition(id.type), sort_of(id.day, id.key))


def sort_of(day: date, key: str) -> str:
    """The sort key of a document: days and keys in their own order."""
    return f"{day.isoformat()}#{key}"


def bounds(first: date | None, last: date | None) -> tuple[str, str]:
    """Sort keys between which all documents of these days stand."""
    return (
        first.isoformat() if first else _FIRST,
        f"{last.isoformat()}{_AFTER_HASH}" if last else _LAST,
    )


class Tables:
    """Clients of the tables; each table is looked at before it is used, and made if it may be."""

    def __init__(self, aws: Aws, names: TableNames) -> None:
        self.names = names
        self._aws = aws
        self._client = PerProcess(self._connect)
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    @property
    def client(self) -> "DynamoDBClient":
        """The patient client of this process."""
        return self._client.get()

    def ready(self, table: str) -> str:
        """The table's name, once it is sure to exist. Raises StoreUnavailable."""
        with self._lock:
            if table not in self._seen:
                with faults(self.where(table)):
                    self._look(table)
                self._seen.add(table)
        return table

    def where(self, table: str) -> str:
        """The table, in messages."""
        return f"table {table} in {self._aws.place}"

    def delete(self, table: str, keys: Sequence[Key]) -> None:
        """Remove the items of these keys, each named once. Raises TryAgain, StoreUnavailable."""
        with faults(self.where(table)):
            for start in range(0, len(keys), _BATCH):
                self._delete_batch(table, keys[start : start + _BATCH])

    def _delete_batch(self, table: str, keys: Sequence[Key]) -> None:
        deadline, pause = time.monotonic() + self._aws.patience_seconds, _PAUSE_SECONDS
        answer = self.client.batch_write_item(
            RequestItems={table: [{"DeleteRequest": {"Key": key.item}} for key in keys]}
        )
        while unprocessed := answer.get("UnprocessedItems"):
            if time.monotonic() > deadline:
                raise TryAgain(
                    f"{self.where(table)}: leaves items unprocessed for too long; run the same "
                    "command again later"
                )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            answer = self.client.batch_write_item(RequestItems=unprocessed)

    def close(self) -> None:
        """Close the connections of this process."""
        if client := self._client.pop():
            client.close()

    def _connect(self) -> "DynamoDBClient":
        return self._connected(self._aws.patient())

    def _connected(self, config: Config) -> "DynamoDBClient":
        url = self._aws.endpoint_url
        return connect(lambda session: session.client("dynamodb", endpoint_url=url, config=config))

    def _look(self, table: str) -> None:
        if self._exists(table):
            return
        if not self._aws.creates:
            raise StoreUnavailable(
                f"{self.where(table)} does not exist: make it, or set AWS_CREATE_MISSING=true to "
                "have it made"
            )
        self._make(table)

    def _exists(self, table: str) -> bool:
        def ask(client: "DynamoDBClient") -> bool:
            try:
                client.get_item(TableName=table, Key=Key(TYPES, TYPES).item)
            except client.exceptions.ResourceNotFoundException:
                return False
            return True

        with closing(self._connected(self._aws.quick())) as quick:
            try:
                return contact(lambda: ask(quick))
            except ClientError:  # something answers there: now patience is right
                return ask(self.client)

    def _make(self, table: str) -> None:
        with suppress(self.client.exceptions.ResourceInUseException):  # another was faster
            self.client.create_table(
                TableName=table,
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                BillingMode="PAY_PER_REQUEST",
            )
        waiter = self.client.get_waiter("table_exists")
        waiter.wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        # Refused where another has just done it.
        with suppress(ClientError):
            self.client.update_time_to_live(
                TableName=table,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRES},
            )
