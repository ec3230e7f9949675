"""What goes to a worker, pickled: what is small with the call, what is large as an object."""

import hashlib
import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cityflow.errors import ObjectNotFound, TryAgain
from cityflow.storage import Objects, layout

MOST_INLINE_BYTES: Final = 16 << 10


@dataclass(frozen=True)
class Parcel:
    """One value: its pickle, or the key of the object that holds it.

    The digest comes with the call, so that only what the caller wrote is unpickled.
    """

    sha256: str
    data: bytes | None
    key: str | None


def pack(objects: Objects, value: Any, token: str) -> Parcel:
    """A value made ready to be sent; `token` keeps the parcels of two runs apart."""
    data = pickle.dumps(value)
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) <= MOST_INLINE_BYTES:
        return Parcel(sha256, data, None)
    key = layout.parcel(datetime.now(UTC).date(), token, sha256)
    objects.put(key, data, durable=False)
    return Parcel(sha256, None, key)


def unpack(objects: Objects, parcel: Parcel) -> Any:
    """The value. Raises TryAgain if its object is gone or is not what was written."""
    data = parcel.data
    if data is None:
        assert parcel.key is not None
        try:
            data = objects.read(parcel.key)
        except ObjectNotFound as error:
            raise TryAgain(f"{parcel.key} is gone; run the same command again") from error
    if hashlib.sha256(data).hexdigest() != parcel.sha256:
        raise TryAgain(f"{parcel.key} is not what was sent; run the same command again")
    return pickle.loads(data)


def drop(objects: Objects, parcel: Parcel) -> None:
    """Forget a value that nobody waits for any more."""
    if parcel.key is not None:
        objects.delete(parcel.key)
