"""Every object key, in one place; the same on disk and in S3 (design: shared storage layer)."""

import re
from calendar import monthrange
from datetime import date, datetime
from typing import Final

Day = date
_OUTSIDE: Final = "outside/"

META: Final = ".meta.json"
CACHE: Final = "parts/"

_DATED: Final = re.compile(r"/dt=([0-9-]{10})/|_([0-9-]{10})\.[a-z]+$")
_MONTHLY: Final = re.compile(r"/ym=([0-9-]{7})/")
_OF_EDITION: Final = re.compile(
    r"(?:clean|rejects|metrics)/(?P<dataset>[^/]+)/dt=(?P<day>[0-9-]{10})/(?P<edition>[0-9a-f]{20})"
    r"[./]|reports/dt=(?P<reported>[0-9-]{10})/(?P<report>[0-9a-f]{20})/"
    r"|metrics/(?P<of>[^/]+)/history/ym=(?P<month>[0-9-]{7})/(?P<history>[0-9a-f]{20})\."
)
_PERMANENT: Final = re.compile(r"raw/|clean/|metrics/[^/]+/|reports/dt=")


def raw(dataset: str, received_at: datetime, sha256: str, extension: str) -> str:
    """Bytes as received. `received_at` is UTC; the folder is its UTC date."""
    stamp = received_at.strftime("%Y%m%dT%H%M%S.%fZ")
    return f"raw/{dataset}/dt={received_at.date()}/{stamp}-{sha256[:12]}.{extension}"


def raw_meta(raw_key: str) -> str:
    """The provenance that lies beside a raw object."""
    return f"{raw_key}{META}"


def raw_digest(raw_key: str) -> str:
    """The first digits of the digest of the bytes that a raw key names."""
    return raw_key.rpartition("-")[2].partition(".")[0]


def outside(dataset: str, sha256: str, extension: str) -> str:
    """The name under which a file outside the store is listed; no object has such a key."""
    return f"{_OUTSIDE}{dataset}/{sha256}.{extension}"


def is_outside(key: str) -> bool:
    """Whether a key names a file outside the store."""
    return key.startswith(_OUTSIDE)


def outside_sha256(key: str) -> str:
    """The digest in the name of a file outside the store."""
    return key.rpartition("/")[2].partition(".")[0]


def chunk(dataset: str, raw_sha256: str, reader: str, index: int) -> str:
    """Output of one chunk of a raw file, until the file's parts are complete."""
    return f"{chunks(dataset)}{raw_sha256[:12]}-{reader}/{index:06d}.arrow"


def parts(dataset: str) -> str:
    """Prefix of the cache of all raw files of a dataset."""
    return f"{CACHE}{dataset}/"


def chunks(dataset: str) -> str:
    """Prefix of the chunks of all raw files."""
    return f"parts/{dataset}/chunks/"


def split_manifest(dataset: str, raw_sha256: str, reader: str) -> str:
    """What a fully split raw file held: counts a day. Written last."""
    return f"parts/{dataset}/files/{raw_sha256[:12]}-{reader}.json"


def part(dataset: str, day: Day, raw_sha256: str, reader: str) -> str:
    """The rows of one raw file that belong to one service day."""
    return f"parts/{dataset}/dt={day}/{raw_sha256[:12]}-{reader}.arrow"


def parcel(made_on: Day, run: str, name: str) -> str:
    """What one process sends another through the store; `made_on` is a UTC date."""
    return f"{CACHE}parcels/dt={made_on}/{run}-{name}"


def clean(dataset: str, day: Day, edition: str) -> str:
    """The day's canonical records."""
    return f"clean/{dataset}/dt={day}/{edition}.parquet"


def rejects(dataset: str, day: Day | None, name: str) -> str:
    """Rejected records of a day (`name`: its edition) or of no known day (`name`: raw file)."""
    return f"rejects/{dataset}/dt={day or 'unknown'}/{name}.parquet"


def table(dataset: str, day: Day, edition: str, name: str) -> str:
    """One metrics table of an edition."""
    return f"metrics/{dataset}/dt={day}/{edition}/{name}.parquet"


def history(dataset: str, month: Day, edition: str) -> str:
    """One completed month of a dataset; `month` is its first day."""
    return f"metrics/{dataset}/history/ym={month:%Y-%m}/{edition}.parquet"


def summary_file(dataset: str, day: Day) -> str:
    """The current summary document as a file, for people."""
    return f"metrics/{dataset}_metrics_{day}.json"


def report_file(day: Day, extension: str) -> str:
    """The current daily report as a file, for people."""
    return f"reports/daily_report_{day}.{extension}"


def report_section(day: Day, edition: str, section: str) -> str:
    """One tidy CSV of a report edition."""
    return f"reports/dt={day}/{edition}/{section}.csv"


def service_days(key: str) -> tuple[Day, Day] | None:
    """First and last service day of what a key holds; None if that is of no certain day."""
    if key.startswith("raw/"):
        return None  # dated by receipt
    try:
        if dated := _DATED.search(key):
            day = date.fromisoformat(dated[1] or dated[2])
            return day, day
        if monthly := _MONTHLY.search(key):
            return month_of(date.fromisoformat(f"{monthly[1]}-01"))
    except ValueError:
        return None
    return None


def edition_of(key: str) -> tuple[str, Day, str] | None:
    """Name under which it is published, day and edition of an object that belongs to an edition."""
    found = _OF_EDITION.match(key)
    if found is None:
        return None
    try:
        if found["report"]:
            return "report", date.fromisoformat(found["reported"]), found["report"]
        if found["history"]:
            month = date.fromisoformat(f"{found['month']}-01")
            return f"history/{found['of']}", month, found["history"]
        return found["dataset"], date.fromisoformat(found["day"]), found["edition"]
    except ValueError:
        return None


def month_of(day: Day) -> tuple[Day, Day]:
    """First and last day of its month."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def is_permanent(key: str) -> bool:
    """Whether the object of this key never changes once it is written."""
    return bool(_PERMANENT.match(key)) and not key.endswith(META)
