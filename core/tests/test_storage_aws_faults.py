"""Every refusal of AWS is one line with the right exit code."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)
from contract_support import one_line

from cityflow.errors import CityFlowError, StoreUnavailable, TryAgain
from cityflow.storage.aws import Aws
from cityflow.storage.aws_faults import faults

HOUR = timedelta(hours=1)
WHERE = "table cityflow-runs in eu-west-3"


def refused(code: str, message: str = "why", off: timedelta | None = None) -> ClientError:
    """As AWS refuses; `off` is how far its clock is from this one."""
    date = {"date": format_datetime(datetime.now(UTC) + off, usegmt=True)} if off else {}
    meta = {"HTTPHeaders": date}
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": meta}
    return ClientError(answer, "PutItem")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (refused("SlowDown"), TryAgain, "busy (SlowDown) for too long"),
        (refused("ThrottlingException"), TryAgain, "busy"),
        (refused("ProvisionedThroughputExceededException"), TryAgain, "busy"),
        (refused("503"), TryAgain, "busy"),
        (refused("ConditionalRequestConflict"), TryAgain, "busy"),
        (refused("BadDigest"), TryAgain, "damaged on their way"),
        (refused("AccessDeniedException"), StoreUnavailable, "not allowed to call PutItem"),
        (refused("403"), StoreUnavailable, "not allowed to call PutItem"),
        (refused("InvalidAccessKeyId"), StoreUnavailable, "credentials are refused"),
        (refused("ExpiredToken"), StoreUnavailable, "credentials are refused"),
        (refused("RequestTimeTooSkewed"), StoreUnavailable, "clock is wrong"),
        (refused("InvalidSignatureException", off=HOUR), StoreUnavailable, "clock is wrong"),
        (refused("403", off=-HOUR), StoreUnavailable, "clock is wrong"),
        (refused("403", off=HOUR / 60), StoreUnavailable, "not allowed to call PutItem"),
        (refused("NoSuchUpload", off=HOUR), StoreUnavailable, "NoSuchUpload"),
        (refused("InternalError"), StoreUnavailable, "PutItem failed (InternalError: why)"),
        (refused("InvalidObjectState", "line\nbreak"), StoreUnavailable, "InvalidObjectState"),
        (NoCredentialsError(), StoreUnavailable, "no AWS credentials"),
        (ProfileNotFound(profile="x"), StoreUnavailable, "no AWS credentials"),
        (
            EndpointConnectionError(endpoint_url="http://u:hunter2@h:1/"),
            StoreUnavailable,
            'no connection (Could not connect to the endpoint URL: "http://***@h:1/")',
        ),
        (ConnectTimeoutError(endpoint_url="http://h"), StoreUnavailable, "no connection"),
    ],
    ids=str,
)
def test_a_refusal_is_one_line(
    error: ClientError | BotoCoreError, kind: type[CityFlowError], words: str
) -> None:
    with pytest.raises(CityFlowError) as caught, faults(WHERE):
        raise error
    assert type(caught.value) is kind
    message = one_line(caught)
    assert message.startswith(f"{WHERE}: ")
    assert words in message


def test_our_own_errors_pass() -> None:
    with pytest.raises(ConnectionResetError), faults(WHERE):
        raise ConnectionResetError("of the source, not of AWS")


@pytest.mark.parametrize(
    ("url", "creates"),
    [
        (None, False),
        ("http://127.0.0.1:5566", True),
        ("http://127.9.9.9:5566", True),
        ("http://[::1]:5566", True),
        ("http://localhost:5566/x", True),
        ("http://localhost.example.org", False),
        ("https://dynamodb.eu-west-3.amazonaws.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_missing_things_are_made_on_this_machine_only(url: str | None, creates: bool) -> None:
    assert Aws("eu-west-3", url).creates is creates
    assert Aws("eu-west-3", url, create_missing=True).creates


def test_a_short_patience_tries_less_often() -> None:
    def attempts(seconds: float) -> object:
        retries = Aws("eu-west-3", patience_seconds=seconds).patient().retries  # type: ignore[attr-defined]
        return retries["total_max_attempts"]

    assert [attempts(seconds) for seconds in (0, 1, 5, 30)] == [1, 2, 7, 10]
