"""Tokens become typed rows, arc attributes and rejects: the contract of one record.

Rows are plain integers: position of the arc's attributes, hours since 1970 UTC (end of the
hour), vehicles, occupancy in 10⁻⁵ %, codes of state and status. Null is never zero.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow_processor.comptages.fields import (
    ARC,
    ATTRIBUTES,
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
from cityflow_processor.comptages.stamps import NO_SUCH_HOUR, parse_hour_end
from cityflow_processor.comptages.tokens import Tokens

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
MAX_FLOW_VEH: Final = 1_000_000  # beyond any road: a broken number, not a measurement
_ARC_ID = re.compile(r"[\w.:/-]{1,64}")

ROWS_SCHEMA: Final = pl.Schema(
    {
        "arc": pl.UInt32,
        "hour": pl.Int32,
        "flow": pl.Int32,
        "occupancy": pl.Int32,
        "state": pl.UInt8,
        "status": pl.UInt8,
    }
)
ATTRIBUTES_SCHEMA: Final = pl.Schema(dict.fromkeys(ATTRIBUTES, pl.String))
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
    """One chunk, read: typed rows, distinct arc attributes, rejects, rows of no hour at all.

    `rejects.line` counts from the start of the chunk; `rejects.hour` is null if unknown.
    `empty_gap_rows` are empty rows stamped in the hour that the spring clock change removes.
    """

    rows: pl.DataFrame
    attributes: pl.DataFrame
    rejects: pl.DataFrame
    empty_gap_rows: int
    line_count: int


def validate(tokens: Tokens, raw_lines: "RawLines") -> Batch:
    """Apply the contract to every row of a block."""
    frame = tokens.frame
    if not frame.height:
        return Batch(
            ROWS_SCHEMA.to_frame(),
            ATTRIBUTES_SCHEMA.to_frame(),
            _rejects(tokens),
            0,
            tokens.line_count,
        )
    hours, time_faults = _hours(frame[TIME])
    flow, flow_faults = _flow(frame[FLOW])
    occupancy, occupancy_faults = _occupancy(frame[OCCUPANCY])
    faults = _first_fault(_arc_faults(frame[ARC]), time_faults, flow_faults, occupancy_faults)
    empty_gap = _empty_gap(faults, frame)
    good = (faults == 0) & ~empty_gap
    arc, attributes = _attributes(frame, good)
    rows = pl.DataFrame(
        {
            "arc": arc,
            "hour": hours[good].astype(np.int32),
            "flow": flow.filter(good),
            "occupancy": occupancy.filter(good),
            "state": _codes(frame, STATE, STATE_CODES, NO_STATE)[good],
            "status": _codes(frame, STATUS, STATUS_CODES, 0)[good],
        },
        schema=ROWS_SCHEMA,
    )
    bad = np.flatnonzero((faults > 0) & ~empty_gap)
    rejects = pl.concat([_rejects(tokens), _row_rejects(tokens, raw_lines, bad, faults, hours)])
    return Batch(rows, attributes, rejects, int(empty_gap.sum()), tokens.line_count)


class RawLines:
    """The lines of a block, cut only if a reject asks for its raw text."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines: list[bytes] | None = None

    def __getitem__(self, line: int) -> str:
        if self._lines is None:
            self._lines = self._data.split(b"\n")
        return self._lines[line].removesuffix(b"\r").decode(errors="backslashreplace")


def _distinct(values: pl.Series) -> tuple[npt.NDArray[np.uint32], list[int], list[str | None]]:
    """Physical codes (null: one past the largest), and the distinct codes with their texts."""
    codes = values.to_physical()
    null = int(codes.max() or 0) + 1  # type: ignore[arg-type]
    distinct = values.unique()
    keys = distinct.to_physical().fill_null(null).to_list()
    return codes.fill_null(null).to_numpy(), keys, distinct.cast(pl.String).to_list()


def _lookup(values: pl.Series, table: dict[str | None, int]) -> Ints:
    codes, keys, texts = _distinct(values)
    lut = np.zeros(max(keys, default=0) + 2, dtype=np.int64)
    for key, text in zip(keys, texts, strict=True):
        lut[key] = table[text]
    return lut[codes]


def _arc_faults(arcs: pl.Series) -> Ints:
    def fault(text: str | None) -> int:
        if not text or not text.strip():
            return _CODE["missing_arc"]
        if text.strip() == PHANTOM_ARC:
            return _CODE["phantom_arc"]
        return 0 if _ARC_ID.fullmatch(text.strip()) else _CODE["bad_arc_id"]

    distinct = arcs.unique().cast(pl.String).to_list()
    return _lookup(arcs, {text: fault(text) for text in distinct})


def _hours(times: pl.Series) -> tuple[Ints, Ints]:
    hour_of: dict[str | None, int] = {}
    fault_of: dict[str | None, int] = {}
    for text in times.unique().cast(pl.String).to_list():
        hour, reason = parse_hour_end(text) if text else (None, "missing_time")
        hour_of[text] = hour if hour is not None else -1
        fault_of[text] = _CODE[reason] if reason else 0
    faults = _lookup(times, fault_of) if any(fault_of.values()) else np.zeros(len(times), np.int64)
    return _lookup(times, hour_of), faults


def _numbers(values: pl.Series, bad: str) -> tuple[pl.Series, Ints]:
    """Numbers of a column (Float64, or text with a dot or comma), and faults."""
    if values.dtype == pl.Float64:
        numbers, unread = values, None
    else:
        texts = values.str.strip_chars().replace("", None)
        numbers = texts.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        unread = texts.is_not_null() & numbers.is_null()
    broken = numbers.is_finite().not_().fill_null(value=False)
    if unread is not None:
        broken = broken | unread
    return numbers, broken.to_numpy().astype(np.int64) * _CODE[bad]


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


def _or(faults: Ints, where: npt.NDArray[np.bool_], name: str) -> Ints:
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
    distinct = frame[name].unique().cast(pl.String).to_list()
    codes = {t: table.get(t.strip().lower(), missing) if t else missing for t in distinct}
    return _lookup(frame[name], codes)


_MIX: Final = np.random.default_rng(20240311).integers(
    1, 2**63, len(ATTRIBUTES), np.uint64
) | np.uint64(1)


def _attributes(frame: pl.DataFrame, good: npt.NDArray[np.bool_]) -> tuple[pl.Series, pl.DataFrame]:
    """Position of each good row's attributes, and the distinct attributes (empty text: null)."""
    held = [name for name in ATTRIBUTES if name in frame.columns]
    mixed = np.zeros(frame.height, dtype=np.uint64)
    for name, factor in zip(held, _MIX, strict=False):
        codes = frame[name].to_physical().fill_null(2**32 - 1).to_numpy().astype(np.uint64)
        mixed += codes * factor
        mixed ^= mixed >> np.uint64(29)
    kept = np.flatnonzero(good)
    distinct, first, inverse = np.unique(mixed[kept], return_index=True, return_inverse=True)
    texts = frame[kept[first]].select(
        pl.col(held).cast(pl.String).str.strip_chars().replace("", None)
    )
    absent = [pl.lit(None, pl.String).alias(n) for n in ATTRIBUTES if n not in held]
    ordered = texts.with_columns(absent).select(ATTRIBUTES).with_row_index("_").sort(ATTRIBUTES)
    rank = np.empty(len(distinct), dtype=np.uint32)
    rank[ordered["_"].to_numpy()] = np.arange(len(distinct), dtype=np.uint32)
    return pl.Series("arc", rank[inverse]), ordered.drop("_")


def _rejects(tokens: Tokens) -> pl.DataFrame:
    rows = [(r.line, None, r.reason, r.detail, r.raw[:4096]) for r in tokens.rejects]
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")


def _row_rejects(
    tokens: Tokens, raw_lines: RawLines, bad: Ints, faults: Ints, hours: Ints
) -> pl.DataFrame:
    values: list[dict[str, Any]] = (
        tokens.frame[bad].select(pl.col(ARC, TIME, FLOW, OCCUPANCY).cast(pl.String)).to_dicts()
    )
    rows = []
    for at, row in zip(bad.tolist(), values, strict=True):
        name, detail = _REASONS[int(faults[at]) - 1]
        line = at if tokens.lines is None else tokens.lines[at]
        raw = tokens.raws[at] if tokens.raws is not None else raw_lines[line]
        hour = int(hours[at]) if hours[at] >= 0 else None
        rows.append((line, hour, name, detail.format(**row), raw[:4096]))
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")
