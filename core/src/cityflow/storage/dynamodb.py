"""Documents in three tables of DynamoDB: the body is one canonical JSON text beside its keys.

A request path never scans: documents of a type are one partition, and the types that were ever
written stand in a partition of their own. Reads are consistent. Each write leaves a token of its
own, so that a write which the network repeats is known for what it is.
"""

import secrets
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from cityflow.errors import VersionConflict
from cityflow.storage import rules
from cityflow.storage.aws import Aws
from cityflow.storage.aws_faults import faults
from cityflow.storage.dynamodb_tables import (
    EXPIRES,
    TYPES,
    Key,
    TableNames,
    Tables,
    bounds,
    key_of,
    partition,
    sort_of,
)
from cityflow.storage.expiry import expires_at
from cityflow.storage.ports import Document, DocumentId, Json, Page
from cityflow.storage.replacing import put_over

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]

_LARGEST_PAGE: Final = 1000
_LAST_NAME: Final = chr(0x10FFFF)


class _Span(NamedTuple):
    """Items to walk: of a partition, low ≤ sk ≤ high, so many in a page."""

    partition: str
    low: str
    high: str
    descending: bool = False
    page: int = _LARGEST_PAGE


class DynamodbDocuments:
    """The port Documents over the three tables; `aws` says whether missing ones are made.

    `runs_ttl_days` lets DynamoDB drop runs of the ledger so many days after they were written, by
    the time-to-live attribute `expires_at`.
    """

    def __init__(self, aws: Aws, tables: TableNames, *, runs_ttl_days: int | None = None) -> None:
        self._tables = Tables(aws, tables)
        self._runs_ttl_days = runs_ttl_days
        self._registered: set[str] = set()

    def get(self, id: DocumentId) -> Document | None:
        """The document, or None."""
        item = self._item(id)
        return _document(id.type, item) if item else None

    def put(self, id: DocumentId, body: Json) -> int:
        """Write whatever stands there; returns the new version."""
        text = rules.encode_body(id, body)

        def write(over: int) -> int:
            return self._write(Document(id, over + 1, body), text, over)

        return put_over(lambda: self._version(id), write)

    def put_if(self, id: DocumentId, body: Json, version: int) -> int:
        """Write only if the stored version is `version` (0: none); else VersionConflict."""
        return self._write(Document(id, version + 1, body), rules.encode_body(id, body), version)

    def restore(self, document: Document, over: int) -> None:
        """Write a document with its version, only over the version `over`; else VersionConflict."""
        self._write(document, rules.encode_restored(document), over)

    def query(
        self,
        type: str,
        first: date | None = None,
        last: date | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        descending: bool = False,
    ) -> Page:
        """Documents of one type with first ≤ day ≤ last, by (day, key), one page."""
        rules.check_limit(limit)
        low, high = bounds(first, last)
        after = sort_of(*rules.decode_cursor(cursor)) if cursor is not None else None
        if after is not None:
            low, high = (low, min(high, after)) if descending else (max(low, after), high)
        table = self._tables.names.of(type)
        # One more than asked for tells whether there is a next page; another may be the cursor's.
        items = self._walk(table, _Span(partition(type), low, high, descending, limit + 2))
        rest = list(islice((item for item in items if item["sk"]["S"] != after), limit + 1))
        found = tuple(_document(type, item) for item in rest[:limit])
        return Page(found, rules.encode_cursor(found[-1].id) if len(rest) > limit else None)

    def delete(self, id: DocumentId) -> None:
        """Remove it; nothing happens if it is not there."""
        table = self._tables.ready(self._tables.names.of(id.type))
        with faults(self._tables.where(table)):
            self._tables.client.delete_item(TableName=table, Key=key_of(id).item)

    def delete_many(self, ids: Iterable[DocumentId]) -> None:
        """Remove them, in batches; what a batch leaves unprocessed is sent again."""
        by_table: dict[str, list[Key]] = {}
        for id in dict.fromkeys(ids):  # a batch may name a key only once
            by_table.setdefault(self._tables.names.of(id.type), []).append(key_of(id))
        for table, keys in by_table.items():
            self._tables.delete(self._tables.ready(table), keys)

    def types(self) -> list[str]:
        """All types that hold a document, sorted."""
        return sorted(
            type
            for table in sorted(set(self._tables.names))
            for item in self._walk(table, _Span(TYPES, " ", _LAST_NAME))
            if self._holds(table, type := item["sk"]["S"])
        )

    def close(self) -> None:
        """Close the connections of this process."""
        self._tables.close()

    def _holds(self, table: str, type: str) -> bool:
        span = _Span(partition(type), *bounds(None, None), page=1)
        return next(self._walk(table, span), None) is not None

    def _item(self, id: DocumentId) -> "Item | None":
        table = self._tables.ready(self._tables.names.of(id.type))
        with faults(self._tables.where(table)):
            answer = self._tables.client.get_item(
                TableName=table, Key=key_of(id).item, ConsistentRead=True
            )
        return answer.get("Item")

    def _version(self, id: DocumentId) -> int:
        item = self._item(id)
        return int(item["version"]["N"]) if item else 0

    def _write(self, document: Document, text: str, over: int) -> int:
        table = self._tables.ready(self._tables.names.of(document.id.type))
        with faults(self._tables.where(table)):
            if over == 0:
                self._register(table, document.id.type)
            if not self._put(table, _item_of(document, text, self._runs_ttl_days), over):
                raise VersionConflict(
                    f"{rules.name_of(document.id)}: no longer at version {over}; read it again"
                )
        return document.version

    def _put(self, table: str, item: "Item", over: int) -> bool:
        client = self._tables.client
        try:
            if over == 0:
                client.put_item(
                    TableName=table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            else:
                client.put_item(
                    TableName=table,
                    Item=item,
                    ConditionExpression="#version = :over",
                    ExpressionAttributeNames={"#version": "version"},
                    ExpressionAttributeValues={":over": {"N": str(over)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except client.exceptions.ConditionalCheckFailedException as error:
            held: object = error.response.get("Item")
            # Our own, if the network repeated a write that had succeeded.
            return isinstance(held, dict) and held.get("write") == item["write"]
        return True

    def _register(self, table: str, type: str) -> None:
        """Note that documents of this type are written; nothing is lost by noting it twice."""
        if type not in self._registered:
            self._tables.client.put_item(TableName=table, Item=Key(TYPES, type).item)
            self._registered.add(type)

    def _walk(self, table: str, span: _Span) -> "Iterator[Item]":
        """Items of one partition with low ≤ sk ≤ high, page after page as they are asked for."""
        if span.low > span.high:
            return
        self._tables.ready(table)
        pages = self._tables.client.get_paginator("query").paginate(
            TableName=table,
            ConsistentRead=True,
            ScanIndexForward=not span.descending,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues={
                ":pk": {"S": span.partition},
                ":low": {"S": span.low},
                ":high": {"S": span.high},
            },
            PaginationConfig={"PageSize": min(span.page, _LARGEST_PAGE)},
        )
        with faults(self._tables.where(table)):
            for page in pages:
                yield from page["Items"]


def _item_of(document: Document, text: str, runs_ttl_days: int | None) -> "Item":
    id, key = document.id, key_of(document.id)
    item: Item = {
        "pk": {"S": key.pk},
        "sk": {"S": key.sk},
        "type": {"S": id.type},
        "day": {"S": id.day.isoformat()},
        "key": {"S": id.key},
        "version": {"N": str(document.version)},
        "body": {"S": text},
        "write": {"S": secrets.token_hex(8)},
    }
    if moment := expires_at(id.type, runs_ttl_days):
        item[EXPIRES] = {"N": str(int(moment.timestamp()))}
    return item


def _document(type: str, item: "Item") -> Document:
    id = DocumentId(type, date.fromisoformat(item["day"]["S"]), item["key"]["S"])
    body = rules.decode_body(rules.name_of(id), item["body"]["S"])
    return Document(id, int(item["version"]["N"]), body)
