"""What AWS does on a bad day, by a proxy before its stand-ins: retried, or said with its exit code.

The stand-ins keep nothing on disk, so they live while the proxy cuts, delays, throttles and lies.
"""

import io
import json
import random
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import boto3
import pytest
import time_machine
from contract_objects import Generated
from contract_support import in_threads
from fault_proxy import (
    Answer,
    Fault,
    Forward,
    HttpProxy,
    Request,
    broken,
    conflict,
    cut,
    damaged,
    http_proxy,
    late,
    reset,
    skewed,
    throttled,
    unheard,
)
from store_servers import REGION, unique

from cityflow.errors import CityFlowError, StoreUnavailable, TryAgain, VersionConflict
from cityflow.storage import Document, DocumentId
from cityflow.storage.aws import Aws
from cityflow.storage.dynamodb import DynamodbDocuments
from cityflow.storage.dynamodb_tables import TableNames
from cityflow.storage.s3 import S3Objects

ID = DocumentId("pointer/comptages", date(2025, 3, 30), "current")
KEY = "metrics/comptages/dt=2025-03-30/x/arcs.parquet"
MIB = 1 << 20
LARGE = random.Random(1).randbytes(20 * MIB)


@pytest.fixture
def dynamodb(ministack: str) -> Iterator[HttpProxy]:
    """Before the stand-in that is the closer to AWS in its conditions."""
    with http_proxy(ministack) as proxy:
        yield proxy


@pytest.fixture
def s3(moto: str) -> Iterator[HttpProxy]:
    with http_proxy(moto) as proxy:
        yield proxy


@pytest.fixture
def documents(dynamodb: HttpProxy) -> Iterator[DynamodbDocuments]:
    with closing(documents_at(dynamodb)) as documents:
        documents.types()  # the first contact is over
        yield documents


@pytest.fixture
def objects(s3: HttpProxy) -> S3Objects:
    objects = objects_at(s3)
    objects.size(KEY)
    return objects


def documents_at(proxy: HttpProxy, patience: float = 30.0) -> DynamodbDocuments:
    names = TableNames(*(unique(name) for name in TableNames._fields))
    return DynamodbDocuments(Aws(REGION, proxy.url, patience_seconds=patience), names)


def objects_at(proxy: HttpProxy, patience: float = 30.0) -> S3Objects:
    return S3Objects(Aws(REGION, proxy.url, patience_seconds=patience), unique("reports"))


def body(n: int) -> dict[str, int]:
    return {"schema_version": 1, "n": n}


@pytest.mark.parametrize("fault", [reset, unheard, cut, throttled, broken, late(0.3)])
def test_a_document_is_written_once_whatever_happens_to_the_first_try(
    dynamodb: HttpProxy, documents: DynamodbDocuments, fault: Fault
) -> None:
    dynamodb.plan(fault, "PutItem")
    assert documents.put_if(ID, body(1), 0) == 1
    with pytest.raises(VersionConflict):
        documents.put_if(ID, body(9), 0)
    dynamodb.plan(fault, "PutItem", times=2)
    assert documents.put_if(ID, body(2), 1) == 2
    dynamodb.plan(fault, "PutItem")
    assert documents.put(ID, body(3)) == 3
    dynamodb.plan(fault, "PutItem")
    documents.restore(Document(ID, 7, body(4)), over=3)
    for action in ("GetItem", "Query"):
        dynamodb.plan(fault, action)
    assert documents.get(ID) == Document(ID, 7, body(4))
    assert documents.query(ID.type).items == (Document(ID, 7, body(4)),)
    dynamodb.plan(fault, "DeleteItem")
    documents.delete(ID)
    assert documents.get(ID) is None


def test_a_write_that_was_lost_to_another_is_a_conflict_however_often_it_is_repeated(
    dynamodb: HttpProxy, documents: DynamodbDocuments
) -> None:
    documents.put_if(ID, body(1), 0)
    dynamodb.plan(unheard, "PutItem", times=3)
    with pytest.raises(VersionConflict):
        documents.put_if(ID, body(2), 0)
    assert documents.get(ID) == Document(ID, 1, body(1))


def unprocessed(request: Request, forward: Forward) -> Answer:
    """DynamoDB does the first two writes of a batch and gives the others back."""
    asked = json.loads(request.body)["RequestItems"]
    ((table, writes),) = asked.items()
    did = json.dumps({"RequestItems": {table: writes[:2]}}).encode()
    headers = request.headers | {"Content-Length": str(len(did))}
    answer = forward(replace(request, headers=headers, body=did))
    left = {table: writes[2:]} if writes[2:] else {}
    rest = json.dumps({"UnprocessedItems": left}).encode()
    return Answer(answer.status, [("Content-Type", "application/x-amz-json-1.0")], rest)


def test_what_a_batch_leaves_unprocessed_is_sent_again(
    dynamodb: HttpProxy, documents: DynamodbDocuments
) -> None:
    ids = [replace(ID, key=f"{n:02d}") for n in range(40)]
    for id in ids:
        documents.put_if(id, body(1), 0)
    plan = dynamodb.plan(unprocessed, "BatchWriteItem", times=14)
    dynamodb.plan(throttled, "BatchWriteItem")
    documents.delete_many(ids[:37])
    assert plan.times == 0
    assert [one.id for one in documents.query(ID.type).items] == ids[37:]
    assert dynamodb.seen.count("DeleteItem") == 0


def test_a_batch_that_is_never_processed_is_said(dynamodb: HttpProxy) -> None:
    def nothing(request: Request, forward: Forward) -> Answer:
        rest = json.dumps({"UnprocessedItems": json.loads(request.body)["RequestItems"]}).encode()
        return Answer(200, [("Content-Type", "application/x-amz-json-1.0")], rest)

    with closing(documents_at(dynamodb, patience=0.1)) as documents:
        documents.put(ID, body(1))
        dynamodb.plan(nothing, "BatchWriteItem", times=10**6)
        with pytest.raises(TryAgain, match="unprocessed for too long; run the same command again"):
            documents.delete_many([ID])
        assert documents.get(ID) is not None


@pytest.mark.parametrize("fault", [reset, unheard, throttled, broken, late(0.3)])
def test_an_object_is_written_once_whatever_happens_to_the_first_try(
    s3: HttpProxy, objects: S3Objects, fault: Fault
) -> None:
    s3.plan(fault, "PUT")
    assert objects.put_if_absent(KEY, b"first")
    assert not objects.put_if_absent(KEY, b"second")
    _, tag = objects.read_tagged(KEY)
    s3.plan(fault, "PUT")
    assert objects.put_if_tag(KEY, b"second", tag)
    assert not objects.put_if_tag(KEY, b"third", tag)
    for action in ("GET", "HEAD", "DELETE", "GET list-type", "PUT"):
        s3.plan(fault, action)
    assert objects.read(KEY) == b"second"
    assert objects.size(KEY) == 6
    assert [info.size for info in objects.list("metrics/")] == [6]
    objects.put(KEY, b"fourth")
    assert objects.read_range(KEY, 1, 3) == b"our"
    objects.delete(KEY)
    assert objects.size(KEY) is None


def test_what_is_put_is_encrypted_and_has_no_access_list(s3: HttpProxy, objects: S3Objects) -> None:
    heard: list[Request] = []
    s3.hear = heard.append
    objects.put(KEY, b"small")
    objects.put(KEY, LARGE)
    begun = [one for one in heard if one.action in ("PUT", "POST uploads")]
    headers = [{name.lower(): value for name, value in one.headers.items()} for one in begun]
    assert [each["x-amz-server-side-encryption"] for each in headers] == ["AES256", "AES256"]
    assert not any("acl" in name or "grant" in name for each in headers for name in each)


def test_a_large_object_is_written_once_whatever_happens_to_its_parts(
    s3: HttpProxy, objects: S3Objects
) -> None:
    parts = [s3.plan(fault, "PUT uploadId") for fault in (reset, unheard, throttled, broken)]
    ends = [s3.plan(fault, "POST uploadId") for fault in (unheard, reset)]
    assert objects.put_if_absent(KEY, io.BytesIO(LARGE))
    assert [plan.times for plan in parts + ends] == [0] * 6
    assert not objects.put_if_absent(KEY, io.BytesIO(LARGE))
    assert objects.read(KEY) == LARGE


def test_a_conflict_of_conditional_writes_is_tried_again(s3: HttpProxy, objects: S3Objects) -> None:
    s3.plan(conflict, "PUT", times=3)
    assert objects.put_if_absent(KEY, b"first")
    _, tag = objects.read_tagged(KEY)
    s3.plan(conflict, "PUT", times=2)
    assert objects.put_if_tag(KEY, b"second", tag)
    s3.plan(conflict, "POST uploadId")
    assert not objects.put_if_absent(KEY, LARGE), "somebody else's stands there"
    other = f"{KEY}.other"
    s3.plan(conflict, "POST uploadId")
    with pytest.raises(TryAgain, match="ConditionalRequestConflict"):
        objects.put_if_absent(other, LARGE)
    assert objects.put_if_absent(other, LARGE)


def test_an_answer_that_breaks_off_is_taken_up_where_it_broke(
    s3: HttpProxy, objects: S3Objects
) -> None:
    objects.put(KEY, LARGE)
    s3.plan(cut, "GET", times=3)
    assert objects.read(KEY) == LARGE
    s3.plan(cut, "GET", times=2)
    with objects.open(KEY) as stream:
        assert b"".join(iter(lambda: stream.read(MIB), b"")) == LARGE
    s3.plan(cut, "GET", times=2)
    assert objects.read_range(KEY, 5 * MIB, 4 * MIB) == LARGE[5 * MIB : 9 * MIB]


def test_an_answer_that_always_breaks_off_is_said(s3: HttpProxy, objects: S3Objects) -> None:
    objects.put(KEY, b"x" * 1000)
    s3.plan(cut, "GET", times=99)
    with pytest.raises(TryAgain, match=r"the answer (breaks off|ends too early)"):
        objects.read_range(KEY, 0, 1000)
    s3.calm()
    assert objects.read(KEY) == b"x" * 1000


@pytest.mark.parametrize("content", [LARGE, b"small"], ids=["large", "small"])
def test_damaged_bytes_are_noticed(s3: HttpProxy, objects: S3Objects, content: bytes) -> None:
    objects.put(KEY, content)
    s3.plan(damaged, "GET")
    with pytest.raises(StoreUnavailable, match="not those that were put"):
        objects.read(KEY)
    s3.plan(damaged, "GET")
    noticed = pytest.raises(StoreUnavailable, match="not those that were put")
    with noticed, objects.open(KEY) as stream:
        while stream.read(MIB):
            pass
    assert objects.read(KEY) == content


def test_an_object_replaced_while_it_is_read_is_never_mixed(
    s3: HttpProxy, objects: S3Objects
) -> None:
    objects.put(KEY, LARGE)
    s3.plan(cut, "GET")
    with objects.open(KEY) as stream:
        assert stream.read(MIB) == LARGE[:MIB]
        objects.put(KEY, LARGE[::-1])
        with pytest.raises(TryAgain, match="replaced while it was read"):
            stream.read()


@pytest.mark.parametrize("fault", [throttled, broken, reset])
def test_what_stays_broken_is_said_and_leaves_nothing(
    dynamodb: HttpProxy, s3: HttpProxy, fault: Fault
) -> None:
    kind = TryAgain if fault is throttled else StoreUnavailable
    with closing(documents_at(dynamodb, patience=0.1)) as documents:
        objects = objects_at(s3, patience=0.1)
        documents.put(ID, body(1))
        objects.put(KEY, b"old")
        plans = [proxy.plan(fault, times=10**6) for proxy in (dynamodb, s3)]
        for use in (
            lambda: documents.put_if(ID, body(2), 1),
            lambda: documents.query(ID.type),
            lambda: objects.put(KEY, LARGE),
            lambda: objects.read(KEY),
        ):
            with pytest.raises(CityFlowError) as error:
                use()
            assert type(error.value) is kind, error.value
            assert error.value.exit_code == (75 if fault is throttled else 5)
        for plan in plans:
            plan.times = 0
        assert documents.get(ID) == Document(ID, 1, body(1))
        assert objects.read(KEY) == b"old"


@pytest.mark.parametrize("how", ["a part", "the end", "the source"])
def test_an_upload_that_fails_is_aborted(s3: HttpProxy, how: str) -> None:
    bucket = unique("reports")
    objects = S3Objects(Aws(REGION, s3.url, patience_seconds=0.1), bucket)
    objects.size(KEY)
    source = Generated(len(LARGE), fail_at=4 * MIB if how == "the source" else None)
    action = {"a part": "PUT uploadId", "the end": "POST uploadId"}.get(how, "none")
    s3.plan(broken, action, times=99)
    with pytest.raises((StoreUnavailable, ConnectionResetError)):
        objects.put(KEY, source)
    assert objects.size(KEY) is None
    with closing(boto3.client("s3", endpoint_url=s3.upstream, region_name=REGION)) as client:
        assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)


def test_a_server_that_accepts_and_never_answers_is_said_in_under_five_seconds(
    dynamodb: HttpProxy, s3: HttpProxy
) -> None:
    for proxy in (dynamodb, s3):
        proxy.plan(late(20.0), times=99)
    for use in (lambda: documents_at(dynamodb).get(ID), lambda: objects_at(s3).read(KEY)):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match="no connection"):
            use()
        assert time.monotonic() - started < 5


def test_a_first_contact_on_a_bad_day_is_patient_too(dynamodb: HttpProxy, s3: HttpProxy) -> None:
    for fault, times in ((throttled, 2), (reset, 1)):
        for proxy in (dynamodb, s3):
            proxy.plan(fault, times=times)
        with closing(documents_at(dynamodb)) as documents:
            assert documents.put(ID, body(1)) == 1
        objects_at(s3).put(KEY, b"x")


@pytest.mark.parametrize("hours", [-3, 1])
def test_a_wrong_clock_is_said(dynamodb: HttpProxy, s3: HttpProxy, hours: int) -> None:
    for proxy in (dynamodb, s3):
        proxy.plan(skewed, times=10**6)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
        for use in (
            lambda: documents_at(dynamodb).put(ID, body(1)),
            lambda: objects_at(s3).read(KEY),
        ):
            with pytest.raises(StoreUnavailable, match="clock is wrong: set it"):
                use()
    objects_at(s3).put(KEY, b"the clock is right again")


def test_many_writers_on_a_bad_day_lose_nothing(
    dynamodb: HttpProxy, documents: DynamodbDocuments
) -> None:
    dynamodb.chaos(random.Random(3), 0.1, reset, unheard, cut, broken, late(0.05))

    def add(writer: int) -> None:
        for number in range(10):
            mine = f"{writer}.{number}"
            while True:
                held = documents.get(ID)
                before = held.body["names"] if held else []
                if mine in before:  # a conflict may hide a write that succeeded
                    break
                after = {"schema_version": 1, "names": [*before, mine]}
                with suppress(VersionConflict):
                    documents.put_if(ID, after, held.version if held else 0)

    in_threads(4, add)
    dynamodb.calm()
    held = documents.get(ID)
    assert held is not None
    assert sorted(held.body["names"]) == sorted(f"{w}.{n}" for w in range(4) for n in range(10))
