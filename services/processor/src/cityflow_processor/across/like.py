"""Days of similar weather, and the volumes of arcs beside theirs (guide A.3.11). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cityflow_processor.across.thresholds import limits
from cityflow_processor.comptages.tally import share
from cityflow_processor.records.likeness import same_group

Volumes = npt.NDArray[np.float64]
"""Vehicles a day by arc, or by day and arc; NaN where there is no volume."""
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Sky:
    """Kind of a day's weather and its mean temperature, °C."""

    category: str
    temperature_c: float | None


def similar_days(day: date, skies: Mapping[date, Sky]) -> list[date]:
    """The last earlier days of the same kind of weather and group of day types, in order.

    `skies` has the day itself; nothing is similar to a day of unknown weather.
    """
    own = skies.get(day)
    if own is None or own.category == _UNKNOWN or own.temperature_c is None:
        return []
    first = day - timedelta(days=limits().whole("like_days"))
    kept = [one for one in sorted(skies) if first <= one < day and _is_like(own, skies[one])]
    return same_group(day, kept)[-limits().whole("like_most") :]


def _is_like(one: Sky, other: Sky) -> bool:
    if one.category != other.category or None in (one.temperature_c, other.temperature_c):
        return False
    assert one.temperature_c is not None and other.temperature_c is not None
    return abs(one.temperature_c - other.temperature_c) <= limits()["like_degrees"]


def medians(volumes: Volumes) -> tuple[Volumes, Ints]:
    """Median over days of each arc, and its days with a volume; NaN where there is none."""
    days, arcs = volumes.shape
    counts = (~np.isnan(volumes)).sum(axis=0)
    if not days:
        return np.full(arcs, np.nan), counts
    ordered, at = np.sort(volumes, axis=0), np.arange(arcs)
    low, high = ordered[np.maximum(counts - 1, 0) // 2, at], ordered[counts // 2 % days, at]
    return np.where(counts > 0, (low + np.where(counts % 2, low, high)) / 2, np.nan), counts


@dataclass(frozen=True)
class Like:
    """The volumes of a day by arc, and the medians of its similar days where they are enough."""

    volume: Volumes
    similar: Volumes
    days: Ints

    @classmethod
    def of(cls, volume: Volumes, earlier: Volumes) -> "Like":
        """From the volumes of the similar days, days × arcs."""
        middle, days = medians(earlier)
        return cls(volume, np.where(days >= limits().whole("like_least"), middle, np.nan), days)

    @property
    def compared(self) -> Bools:
        """The arcs that have both."""
        both: Bools = ~np.isnan(self.volume) & ~np.isnan(self.similar)
        return both

    def sums(self, of: Bools) -> dict[str, Any]:
        """The fields of LikeForLike over some arcs: sums before ratios."""
        both = of & self.compared
        arcs, compared = int((of & ~np.isnan(self.volume)).sum()), int(both.sum())
        # Medians of whole numbers are halves at most: their sums are exact in any order.
        now, then = float(self.volume[both].sum()), float(self.similar[both].sum())
        return {
            "volume_arcs": arcs,
            "compared_arcs": compared,
            "compared_share": share(compared, arcs),
            "compared_veh": int(now) if compared else None,
            "similar_veh": then if compared else None,
            "like_ratio": now / then if compared and then else None,
        }
