"""Whether what was fetched is what was asked for: read to its end before anything is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from cityflow.errors import FileDamaged, FileRefused
from cityflow.packed import Limits, opened_first
from cityflow_ingest.examine import Examined, examine
from cityflow_ingest.records import Digested, count_records
from cityflow_ingest.tenant import Feed
from cityflow_ingest.wire.faults import Fault
from cityflow_ingest.wire.host import MEGABYTE

_NAME: Final = "the answer"


@dataclass(frozen=True)
class Survey:
    """What a file is, its records, and the digest of its unpacked content."""

    examined: Examined
    records: int
    content_sha256: str


def survey(file: BinaryIO, feed: Feed, suspect: Callable[[bytes], bool]) -> Survey:
    """Read a fetched file whole. `suspect` tells content that must not be kept.

    Raises Fault: cut or damaged content is worth another try, content of another kind is not.
    """
    limits = Limits(expanded_bytes=int(feed.max_unpacked_mb * MEGABYTE), members=1)
    try:
        file.seek(0)
        examined = examine(file, _NAME, feed.dataset, limits)
        file.seek(0)
        return _read(file, examined, limits, suspect)
    except FileDamaged as damaged:
        raise Fault("cut short", damaged.found) from None
    except FileRefused as refused:
        detail = f"found {refused.found}; expected {refused.expected}"
        raise Fault("unfit content", detail, again=False) from None


def _read(
    file: BinaryIO, examined: Examined, limits: Limits, suspect: Callable[[bytes], bool]
) -> Survey:
    with opened_first(file, examined.packing, limits, _NAME) as reader:
        digested = Digested(reader, suspect)
        stream = cast(BinaryIO, digested)
        records = count_records(stream, examined.media, examined.container, _NAME)
    if digested.suspected:
        raise Fault("unfit content", "it holds the key that was sent", again=False)
    return Survey(examined, records, digested.sha256)
