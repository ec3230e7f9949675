"""The parameters of an address, checked one by one; what cannot be used is a 400."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cityflow_simulator.explore.errors import bad_parameter

PAGE: Final = 100
PAGE_GROUPED: Final = 20_000
WINDOW: Final = 10_000
WINDOW_GROUPED: Final = 30_000
ANY: Final = 1 << 62
DELIMITERS: Final = (";", ",", "\t", "|")
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Clauses:
    """What is asked of the records; an empty text is a clause not given."""

    select: str = ""
    where: str = ""
    group_by: str = ""
    order_by: str = ""
    refine: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(frozen=True)
class Window:
    """Which of the matching records: `limit` None means all."""

    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True)
class Style:
    """How an export is written."""

    use_labels: bool = False
    compressed: bool = False
    with_bom: bool = True
    quote_all: bool = False
    delimiter: str = ";"
    parquet_compression: str = "snappy"


def clauses_of(given: Mapping[str, str], refine: list[str], exclude: list[str]) -> Clauses:
    """The clauses of a request. Raises ExploreError."""
    return Clauses(
        select=given.get("select", ""),
        where=given.get("where", ""),
        group_by=given.get("group_by", ""),
        order_by=given.get("order_by", ""),
        refine=tuple(refine),
        exclude=tuple(exclude),
        zone=_zone(given.get("timezone", "UTC")),
    )


def page_of(given: Mapping[str, str], grouped: bool) -> Window:
    """The window of a `records` request, within its limits. Raises ExploreError."""
    most, window = (PAGE_GROUPED, WINDOW_GROUPED) if grouped else (PAGE, WINDOW)
    limit = _whole(given, "limit", 10, range(-1, most + 1))
    offset = _whole(given, "offset", 0, range(ANY))
    shown = most if limit == -1 else limit
    if offset + shown > window:
        raise bad_parameter("offset + limit", offset + shown, f"offset + limit <= {window}")
    return Window(shown, offset)


def export_window(given: Mapping[str, str]) -> Window:
    """The window of an export: no limit unless one is asked for. Raises ExploreError."""
    limit = _whole(given, "limit", -1, range(-1, ANY))
    return Window(None if limit == -1 else limit)


def style_of(given: Mapping[str, str]) -> Style:
    """How an export shall be written. Raises ExploreError."""
    compression = given.get("parquet_compression", "snappy")
    if compression not in ("snappy", "zstd"):
        raise bad_parameter("parquet_compression", compression, "snappy or zstd")
    delimiter = given.get("delimiter", ";")
    if delimiter not in DELIMITERS:
        raise bad_parameter("delimiter", delimiter, "one of ; , tab |")
    return Style(
        use_labels=_truth(given, "use_labels", False),
        compressed=_truth(given, "compressed", False),
        with_bom=_truth(given, "with_bom", True),
        quote_all=_truth(given, "quote_all", False),
        delimiter=delimiter,
        parquet_compression=compression,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise bad_parameter("timezone", name, "a time zone such as Europe/Paris") from error


def _truth(given: Mapping[str, str], name: str, default: bool) -> bool:
    text = given.get(name)
    if text is None:
        return default
    if text.lower() not in _TRUTHS:
        raise bad_parameter(name, text, "true or false")
    return _TRUTHS[text.lower()]


def _whole(given: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    text = given.get(name, str(default))
    try:
        found = int(text)
    except ValueError as error:
        raise bad_parameter(name, text, "a whole number") from error
    if found not in allowed:
        high = f" <= {allowed[-1]}" if allowed.stop < ANY else ""
        raise bad_parameter(name, found, f"{allowed[0]} <= {name}{high}")
    return found
