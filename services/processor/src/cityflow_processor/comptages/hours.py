"""Hours since 1970 UTC and service days, without a date library in the inner loop."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cityflow.calendar import hour_ends, service_day


@lru_cache(maxsize=65_536)
def day_of_hour(hour: int) -> date:
    """Service day of the hour that ends `hour` hours after 1970 UTC."""
    return service_day(datetime.fromtimestamp(hour * 3600, UTC))


@lru_cache(maxsize=4096)
def hours_of_day(day: date) -> tuple[int, ...]:
    """The 23, 24 or 25 ends of hours of a service day, as hours since 1970 UTC."""
    return tuple(int(end.timestamp()) // 3600 for end in hour_ends(day))


def day_codes(values: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """Service day of each hour, as its proleptic ordinal; there must be one."""
    first, last = int(values.min()), int(values.max())
    table = _ordinals(first // 4096, last // 4096)
    codes: npt.NDArray[np.int64] = table[values - (first // 4096) * 4096]
    return codes


@lru_cache(maxsize=64)
def _ordinals(first_block: int, last_block: int) -> npt.NDArray[np.int64]:
    return np.concatenate([_block(block) for block in range(first_block, last_block + 1)])


@lru_cache(maxsize=512)
def _block(block: int) -> npt.NDArray[np.int64]:
    hours = range(block * 4096, (block + 1) * 4096)
    return np.array([day_of_hour(hour).toordinal() for hour in hours], dtype=np.int64)
