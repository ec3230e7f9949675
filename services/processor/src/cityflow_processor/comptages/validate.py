"""Tokens become typed rows, arc attributes and rejects: the contract of one record.

Rows are plain integers: position of the arc's attributes, hours since 1970 UTC (end of the
hour), vehicles, occupancy in 10⁻⁵ %, codes of state and status. Null is never zero.
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from cityflow_processor.comptages.attributes import describe
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
from cityflow_processor.comptages.lookups import Bools, Ints, codes_of, distinct, judge
from cityflow_processor.comptages.stamps import NO_SUCH_HOUR, parse_hour_end
from cityflow_processor.comptages.tokens import RAW_TEXT_LIMIT, Tokens, read_tolerant

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
        "attributes": pl.UInt32,
    }
)
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


@dataclass(frozen=True)
class Batch:
    """One chunk, read: typed rows, their arcs, the arcs' attributes, rejects.

    `rows.arc` is the place in `arcs`; `rows.attributes` the place in `attributes`, null
    but for the rows of an arc's latest hour of a day. `rejects.line` counts from the start of
    the chunk; `rejects.hour` is null if unknown. `empty_gap_rows` are empty rows stamped in the
    hour that the spring clock change removes.
    """

    rows: pl.DataFrame
    arcs: pl.Series
    attributes: pl.DataFrame
    rejects: pl.DataFrame
    empty_gap_rows: int
    line_count: int


def read_batch(data: bytes, header: Header) -> Batch:
    """Read a block of whole records by the fastest reader that takes it."""
    for read in (read_alone, read_regular):
        try:
            return validate(read(data, header))
        except NotRegular:
            continue
    return validate(read_tolerant(data, header))


def validate(tokens: Tokens) -> Batch:
    """Apply the contract to every row of a block. Raises NotRegular."""
    frame = tokens.frame
    hours, time_faults = _hours(frame[TIME])
    flow, flow_faults = _flow(frame[FLOW])
    occupancy, occupancy_faults = _occupancy(frame[OCCUPANCY])
    faults = _first_fault(_arc_faults(frame[ARC]), time_faults, flow_faults, occupancy_faults)
    empty_gap = _empty_gap(faults, frame)
    good = np.flatnonzero((faults == 0) & ~empty_gap)
    arcs, arc = _arcs(frame[ARC][good])
    places, attributes = describe(tokens, good, arc, hours[good])
    rows = pl.DataFrame(
        {
            "arc": arc,
            "hour": hours[good],
            "flow": flow[good],
            "occupancy": occupancy[good],
            "state": _codes(frame, STATE, STATE_CODES, NO_STATE)[good],
            "status": _codes(frame, STATUS, STATUS_CODES, 0)[good],
            "attributes": places,
        },
        schema_overrides=ROWS_SCHEMA,
    )
    bad = np.flatnonzero((faults > 0) & ~empty_gap)
    rejects = pl.concat([_rejects(tokens), _row_rejects(tokens, bad, faults, hours)])
    return Batch(rows, arcs, attributes, rejects, int(empty_gap.sum()), tokens.line_count)


def _arcs(values: pl.Series) -> tuple[pl.Series, Ints]:
    """Distinct identifiers, and the place of each row's among them."""
    held, published = distinct(values)
    texts = published.str.strip_chars()
    arcs = texts.unique(maintain_order=True)
    codes = codes_of(values)
    table = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    table[held] = (
        np.arange(len(arcs))
        if len(arcs) == len(texts)
        else texts.replace_strict(arcs, range(len(arcs)), return_dtype=pl.Int64).to_numpy()
    )
    return arcs.alias(ARC), table[codes]


def _arc_faults(arcs: pl.Series) -> Ints:
    held, texts = distinct(arcs)
    # Nearly all identifiers are plain numbers: only the others are looked at one by one.
    odd = texts.cast(pl.UInt32, strict=False).cast(pl.String).ne_missing(texts) | texts.is_null()
    codes = codes_of(arcs)
    table = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    table[held[odd.to_numpy()]] = [_arc_fault(t) for t in texts.filter(odd).to_list()]
    return table[codes]


def _arc_fault(text: str | None) -> int:
    if not text or not text.strip():
        return _CODE["missing_arc"]
    if text.strip() == PHANTOM_ARC:
        return _CODE["phantom_arc"]
    return 0 if re.fullmatch(_ARC_ID, text.strip()) else _CODE["bad_arc_id"]


def _hours(times: pl.Series) -> tuple[Ints, Ints]:
    """Hours since 1970 UTC (−1: unreadable), and faults."""

    def read(text: str | None) -> int:
        hour, reason = parse_hour_end(text) if text else (None, "missing_time")
        return hour if hour is not None else -_CODE[reason or "bad_time"]

    read_as = judge(times, read)
    return np.maximum(read_as, -1), np.maximum(-read_as, 0)


def _numbers(values: pl.Series, bad: str) -> tuple[pl.Series, Ints]:
    """Numbers of a column (Float64, or text with a dot or comma), and faults."""
    numbers = _read_numbers(values)
    broken = numbers.is_finite().not_().fill_null(value=False)
    if values.dtype == pl.String:
        broken |= numbers.is_null() & values.str.strip_chars().replace("", None).is_not_null()
    return numbers, broken.to_numpy().astype(np.int64) * _CODE[bad]


def _read_numbers(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        values = values.str.strip_chars().str.replace(",", ".", literal=True)
    return values.cast(pl.Float64, strict=False)


def _shown(values: pl.Series) -> pl.Series:
    """Values as texts: a number in one spelling, whichever reader it came from."""
    return _read_numbers(values).cast(pl.String).fill_null(values.cast(pl.String))


def _flow(values: pl.Series) -> tuple[pl.Series, Ints]:
    numbers, faults = _numbers(values, "bad_flow")
    floats = numbers.fill_null(0.0).to_numpy()
    faults = _or(faults, floats < 0, "negative_flow")
    faults = _or(faults, floats > MAX_FLOW_VEH, "implausible_flow")
    faults = _or(faults, floats != np.floor(floats), "flow_not_whole")
    return numbers.set(pl.Series(faults > 0), None).cast(pl.Int32), faults


def _occupancy(values: pl.Series) -> tuple[pl.Series, Ints]:
    numbers, faults = _numbers(values, "bad_occupancy")
    floats = numbers.fill_null(0.0).to_numpy()
    faults = _or(faults, (floats < 0) | (floats > 100), "occupancy_out_of_range")
    scaled = (numbers.set(pl.Series(faults > 0), None) * OCCUPANCY_SCALE).round(0)
    return scaled.cast(pl.Int32), faults


def _or(faults: Ints, where: Bools, name: str) -> Ints:
    return np.where((faults == 0) & where, _CODE[name], faults)


def _first_fault(*faults: Ints) -> Ints:
    first = faults[0]
    for later in faults[1:]:
        first = np.where(first == 0, later, first)
    return first


def _empty_gap(faults: Ints, frame: pl.DataFrame) -> Bools:
    gap: Bools = faults == _CODE[NO_SUCH_HOUR]
    if not gap.any():
        return gap
    empty = frame[FLOW].is_null() & frame[OCCUPANCY].is_null()
    gap &= empty.to_numpy()
    return gap


def _codes(frame: pl.DataFrame, name: str, table: dict[str, int], missing: int) -> Ints:
    if name not in frame.columns:
        return np.full(frame.height, missing, dtype=np.int64)
    return judge(frame[name], lambda text: table.get((text or "").strip().lower(), missing))


def _rejects(tokens: Tokens) -> pl.DataFrame:
    rows = [(r.line, None, r.reason, r.detail, r.raw[:RAW_TEXT_LIMIT]) for r in tokens.rejects]
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")


def _row_rejects(tokens: Tokens, bad: Ints, faults: Ints, hours: Ints) -> pl.DataFrame:
    frame = tokens.frame.select(pl.col(ARC, TIME).cast(pl.String), FLOW, OCCUPANCY)[bad]
    values = frame.with_columns(_shown(frame[FLOW]), _shown(frame[OCCUPANCY])).to_dicts()
    rows = []
    for at, row in zip(bad.tolist(), values, strict=True):
        name, detail = _REASONS[int(faults[at]) - 1]
        hour = int(hours[at]) if hours[at] >= 0 else None
        raw = tokens.raw(at)[:RAW_TEXT_LIMIT]
        rows.append((tokens.line(at), hour, name, detail.format(**row), raw))
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")
