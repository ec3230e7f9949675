"""Tokens become typed rows, arc attributes and rejects: the contract of one record.

Rows are plain integers: position of the arc's attributes, hours since 1970 UTC (end of the
hour), vehicles, occupancy in 10⁻⁵ %, codes of state and status. Null is −1, never zero.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow_processor.comptages.attributes import Described, latest_of_day
from cityflow_processor.comptages.fast import NotRegular, read_alone, read_regular
from cityflow_processor.comptages.fields import (
    ARC,
    FLOW,
    NO_STATE,
    OCCUPANCY,
    OCCUPANCY_SCALE,
    PHANTOM_ARC,
    STATE,
    STATE_CODES,
    STATUS,
    STATUS_CODES,
    TIME,
)
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.known_lines import KnownLines
from cityflow_processor.comptages.lookups import Bools, Chunk, Coded, Floats, Ints, Judgement
from cityflow_processor.comptages.stamps import NO_SUCH_HOUR, parse_hour_end
from cityflow_processor.comptages.tokens import (
    ATTRIBUTES_SCHEMA,
    RAW_TEXT_LIMIT,
    Tokens,
    read_tolerant,
)

MAX_FLOW_VEH: Final = 1_000_000  # beyond any road: a broken number, not a measurement
_ARC_ID: Final = r"^[0-9A-Za-z_.:/-]{1,64}$"

ROWS_SCHEMA: Final = pl.Schema(
    {
        "arc": pl.UInt32,
        "hour": pl.Int32,
        "flow": pl.Int32,
        "occupancy": pl.Int32,
        "state": pl.UInt8,
        "status": pl.UInt8,
        "attributes": pl.Int32,
    }
)
_ROW_TYPES: Final = {n: np.dtype(str(dtype).lower()) for n, dtype in ROWS_SCHEMA.items()}
REJECTS_SCHEMA: Final = pl.Schema(
    {
        "line": pl.Int64,
        "hour": pl.Int32,
        "reason": pl.String,
        "detail": pl.String,
        "raw_text": pl.String,
    }
)

# Reasons in the order in which they are tried; the first names the reject.
_REASONS: Final = (
    ("missing_arc", "iu_ac is empty"),
    ("phantom_arc", "iu_ac is `*`, an artefact of the source's aggregation"),
    ("bad_arc_id", "iu_ac {iu_ac!r} is not an identifier"),
    ("missing_time", "t_1h is empty"),
    ("bad_time", "t_1h {t_1h!r} is not a date and time"),
    ("year_out_of_range", "t_1h {t_1h!r} is outside 2010–2099"),
    ("not_on_the_hour", "t_1h {t_1h!r} is not a full hour"),
    (NO_SUCH_HOUR, "t_1h {t_1h!r} does not exist in Paris (spring clock change)"),
    ("bad_flow", "q {q!r} is not a number"),
    ("negative_flow", "q {q!r} is negative"),
    ("flow_not_whole", "q {q!r} is not a whole number of vehicles"),
    ("implausible_flow", "q {q!r} is over 1,000,000 veh/h"),
    ("bad_occupancy", "k {k!r} is not a number"),
    ("occupancy_out_of_range", "k {k!r} is outside 0–100 %"),
)
_CODE: Final = {name: code for code, (name, _) in enumerate(_REASONS, start=1)}
_Tests = tuple[tuple[str, Callable[[Floats], Bools]], ...]
_FLOW: Final[_Tests] = (
    ("bad_flow", lambda numbers: ~np.isfinite(numbers)),
    ("negative_flow", lambda numbers: numbers < 0),
    ("implausible_flow", lambda numbers: numbers > MAX_FLOW_VEH),
    ("flow_not_whole", lambda numbers: numbers != np.floor(numbers)),
)
_OCCUPANCY: Final[_Tests] = (
    ("bad_occupancy", lambda numbers: ~np.isfinite(numbers)),
    ("occupancy_out_of_range", lambda numbers: (numbers < 0) | (numbers > 100)),
)


@dataclass(frozen=True)
class Batch:
    """One chunk, read: typed rows, their arcs, the arcs' attributes, rejects.

    `rows.arc` is the place in `arcs`; `rows.attributes` the place in `attributes.keys`, −1
    but for the rows of an arc's latest hour of a day. `rejects.line` counts from the start of
    the chunk; `rejects.hour` is null if unknown. `empty_gap_rows` are empty rows stamped in the
    hour that the spring clock change removes.
    """

    rows: pl.DataFrame
    arcs: pl.Series
    attributes: Described
    rejects: pl.DataFrame
    empty_gap_rows: int
    line_count: int


def read_batch(data: Chunk, header: Header, known: KnownLines) -> Batch:
    """Read a block of whole records by the fastest reader that takes it.

    `known` is what was read of other blocks of the same file.
    """
    try:
        return validate(read_alone(data, header, known))
    except NotRegular:
        pass
    try:
        return validate(read_regular(data, header))
    except NotRegular:
        return validate(read_tolerant(data, header))


def validate(tokens: Tokens) -> Batch:
    """Apply the contract to every row of a block. Raises NotRegular."""
    texts, numbers = tokens.texts, tokens.numbers
    hours, time_faults = _hours(texts[TIME])
    flow, flow_faults = _flow(numbers[FLOW])
    occupancy, occupancy_faults = _occupancy(numbers[OCCUPANCY])
    arc_faults = texts[ARC].judge(_arc_fault)
    faults = _first_fault(arc_faults, time_faults, flow_faults, occupancy_faults)
    empty_gap = _empty_gap(faults, numbers)
    good = np.flatnonzero((faults == 0) & ~empty_gap)
    names, arc = texts[ARC].take(good).names()
    places, attributes = _describe(tokens, good, arc, hours[good])
    columns = {
        "arc": arc,
        "hour": hours[good],
        "flow": flow[good],
        "occupancy": occupancy[good],
        "state": _codes(texts.get(STATE), _state, good),
        "status": _codes(texts.get(STATUS), _status, good),
        "attributes": places,
    }
    bad = np.flatnonzero((faults > 0) & ~empty_gap)
    return Batch(
        rows_frame(columns),
        pl.Series(ARC, names, dtype=pl.String),
        attributes,
        _rejects(tokens, bad, faults, hours),
        int(empty_gap.sum()),
        tokens.line_count,
    )


def rows_frame(columns: Mapping[str, npt.NDArray[np.integer[Any]]]) -> pl.DataFrame:
    """Columns of whole numbers as a frame of `ROWS_SCHEMA`."""
    return pl.DataFrame({n: columns[n].astype(dtype) for n, dtype in _ROW_TYPES.items()})


def _describe(tokens: Tokens, rows: Ints, arc: Ints, hours: Ints) -> tuple[Ints, Described]:
    """Place of each row's attributes (−1 unless of a latest hour), and the distinct ones.

    `rows` are the places of the good rows among the tokens; `arc` and `hours` are theirs.
    """
    places = np.full(rows.size, -1, dtype=np.int64)
    if not rows.size:
        return places, Described(np.empty(0, np.uint64), rows, ATTRIBUTES_SCHEMA.to_frame())
    latest = latest_of_day(arc, hours)
    places[latest], described = tokens.attributes(rows[latest])
    return places, described


def _arc_fault(text: str | None) -> int:
    if not text or not text.strip():
        return _CODE["missing_arc"]
    if text.strip() == PHANTOM_ARC:
        return _CODE["phantom_arc"]
    return 0 if re.fullmatch(_ARC_ID, text.strip()) else _CODE["bad_arc_id"]


def _hours(times: Coded) -> tuple[Ints, Ints]:
    """Hours since 1970 UTC (−1: unreadable), and faults."""

    read_as = times.judge(_hour)
    return np.maximum(read_as, -1), np.maximum(-read_as, 0)


def _hour(text: str | None) -> int:
    """The hour of a stamp, or its fault, negative."""
    hour, reason = parse_hour_end(text) if text else (None, "missing_time")
    return hour if hour is not None else -_CODE[reason or "bad_time"]


def _flow(values: pl.Series) -> tuple[Ints, Ints]:
    """Vehicles (−1: none), and faults."""
    floats, values = _numbers(values)
    good = (floats >= 0) & (floats <= MAX_FLOW_VEH) & (floats == np.floor(floats))
    return np.where(good, floats, -1.0).astype(np.int64), _faults(floats, good, values, _FLOW)


def _occupancy(values: pl.Series) -> tuple[Ints, Ints]:
    """Occupancy in 10⁻⁵ % (−1: none), halves rounded up, and faults."""
    floats, values = _numbers(values)
    good = (floats >= 0) & (floats <= 100)
    scaled = np.where(good, floats, np.nan) * OCCUPANCY_SCALE
    whole = np.floor(scaled)
    whole += scaled - whole >= 0.5
    whole[~good] = -1
    return whole.astype(np.int64), _faults(floats, good, values, _OCCUPANCY)


def _numbers(values: pl.Series) -> tuple[Floats, pl.Series]:
    """Numbers of a column (Float64, or text with a dot or comma), NaN for none, and the column.

    It is null where it is empty.
    """
    if values.dtype == pl.String:
        values = values.str.strip_chars().replace("", None)
        numbers = values.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        return numbers.to_numpy(), values
    return values.to_numpy(), values


def _faults(floats: Floats, good: Bools, values: pl.Series, tests: _Tests) -> Ints:
    """The fault of each number that is not good, by the first test that it fails; else 0."""
    faults = np.zeros(good.size, dtype=np.int64)
    if np.count_nonzero(good) + values.null_count() < good.size:
        bad = np.flatnonzero(~good & values.is_not_null().to_numpy())
        for name, fails in reversed(tests):
            faults[bad[fails(floats[bad])]] = _CODE[name]
    return faults


def _first_fault(*faults: Ints) -> Ints:
    first = faults[0]
    for later in faults[1:]:
        if later.any():
            first = np.where(first == 0, later, first)
    return first


def _empty_gap(faults: Ints, numbers: pl.DataFrame) -> Bools:
    gap: Bools = faults == _CODE[NO_SUCH_HOUR]
    if gap.any():
        gap &= (numbers[FLOW].is_null() & numbers[OCCUPANCY].is_null()).to_numpy()
    return gap


def _codes(column: Coded | None, judgement: Judgement, rows: Ints) -> Ints:
    if column is None:
        return np.full(rows.size, judgement(None), dtype=np.int64)
    return column.judge(judgement)[rows]


def _state(text: str | None) -> int:
    return STATE_CODES.get((text or "").strip().lower(), NO_STATE)


def _status(text: str | None) -> int:
    return STATUS_CODES.get((text or "").strip().lower(), 0)


def _rejects(tokens: Tokens, bad: Ints, faults: Ints, hours: Ints) -> pl.DataFrame:
    rows: list[tuple[int, int | None, str, str, str]] = [
        (r.line, None, r.reason, r.detail, r.raw[:RAW_TEXT_LIMIT]) for r in tokens.rejects
    ]
    numbers = tokens.numbers[bad].rows()
    for at, (flow, occupancy) in zip(bad.tolist(), numbers, strict=True):
        name, detail = _REASONS[int(faults[at]) - 1]
        hour = int(hours[at]) if hours[at] >= 0 else None
        shown = {ARC: _text(tokens, ARC, at), TIME: _text(tokens, TIME, at)}
        shown |= {FLOW: _shown(flow), OCCUPANCY: _shown(occupancy)}
        raw = tokens.raw(at)[:RAW_TEXT_LIMIT]
        rows.append((tokens.line(at), hour, name, detail.format(**shown), raw))
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")


def _text(tokens: Tokens, name: str, row: int) -> str | None:
    column = tokens.texts[name]
    return column.texts[int(column.codes[row])]


def _shown(value: float | str | None) -> str | None:
    """A number in one spelling, whichever reader it came from; anything else as it was."""
    try:
        number = float(str(value).strip().replace(",", ".", 1))
    except ValueError:
        return value if value is None else str(value)
    return "NaN" if isnan(number) else repr(number)
