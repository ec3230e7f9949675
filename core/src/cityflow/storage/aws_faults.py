"""What AWS refuses, in CityFlow's errors: one line that says where, what, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from cityflow.errors import CityFlowError, StoreUnavailable, TryAgain
from cityflow.settings import value_text

_BUSY: Final = {
    *("SlowDown", "ServiceUnavailable", "503", "Throttling", "ThrottlingException"),
    *("ThrottledException", "RequestThrottled", "RequestThrottledException", "429"),
    *("TooManyRequestsException", "ProvisionedThroughputExceededException"),
    *("RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException"),
    *("OperationAborted", "ConditionalRequestConflict", "RequestTimeout"),
}
_LOGIN: Final = {
    *("InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
    *("UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"),
    *("IncompleteSignature", "MissingAuthenticationToken", "AuthFailure", "InvalidToken"),
    *("MissingAuthenticationTokenException", "IncompleteSignatureException"),
}
_DENIED: Final = {
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "403",
    "KMS.Disabled",
}
_CLOCK: Final = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"}
_NO_LOGIN: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
_MOST_SKEW: Final = timedelta(minutes=5)
_SET_CLOCK: Final = "this machine's clock is wrong: set it (NTP), then run again"


@contextmanager
def faults(where: str) -> Iterator[None]:
    """Turn what AWS refuses, or its silence, into StoreUnavailable or TryAgain."""
    try:
        yield
    except ClientError as error:
        raise _refusal(where, error) from error
    except _NO_LOGIN as error:
        raise StoreUnavailable(
            f"{where}: no AWS credentials ({error}); give this process a role, or set AWS_PROFILE"
        ) from error
    except BotoCoreError as error:
        reason = value_text(str(error))  # an address may hold a password
        raise StoreUnavailable(
            f"{where}: no connection ({reason}); check the network, AWS_REGION and AWS_ENDPOINT_URL"
        ) from error


def code(error: ClientError) -> str:
    """The code of a refusal, `NoSuchKey`; of an answer without a body its status, `404`."""
    return str(error.response["Error"].get("Code", ""))


def was_repeated(error: ClientError) -> bool:
    """Whether an earlier attempt of this very call may have succeeded unheard."""
    return error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0


def _refusal(where: str, error: ClientError) -> CityFlowError:
    sign, action = code(error), error.operation_name
    message = " ".join(str(error.response["Error"].get("Message", "")).split())[:200]
    if sign in _BUSY:
        return TryAgain(f"{where}: busy ({sign}) for too long; run the same command again later")
    if sign == "BadDigest":
        return TryAgain(f"{where}: bytes were damaged on their way; run the same command again")
    if sign in _CLOCK or (sign in _LOGIN | _DENIED and _is_skewed(error)):
        return StoreUnavailable(f"{where}: {_SET_CLOCK}")
    if sign in _LOGIN:
        return StoreUnavailable(
            f"{where}: the AWS credentials are refused ({sign}); check the role or AWS_PROFILE"
        )
    if sign in _DENIED:
        return StoreUnavailable(
            f"{where}: not allowed to call {action}; give this process's role that right"
        )
    return StoreUnavailable(f"{where}: {action} failed ({sign}: {message})")


def _is_skewed(error: ClientError) -> bool:
    """Whether AWS's clock is far from ours: then it takes a good signature for an expired one."""
    answered = error.response["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    if answered is None:
        return False
    return abs(datetime.now(UTC) - parsedate_to_datetime(answered)) > _MOST_SKEW
