"""Days across datasets worked out again, arc by arc, with nothing but the standard library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from cityflow.calendar import DayType, day_type

Volumes = Mapping[date, Mapping[str, int]]
"""Vehicles of a day by arc, where it has a volume."""
FREE = {DayType.SATURDAY, DayType.SUNDAY, DayType.PUBLIC_HOLIDAY}
AWAY = {DayType.SCHOOL_HOLIDAY_WEEKDAY, DayType.BRIDGE_DAY}


def kind(day: date) -> str:
    of_day = day_type(day)
    return "free" if of_day in FREE else "away" if of_day in AWAY else "working"


def similar(day: date, skies: Mapping[date, tuple[str, float]]) -> list[date]:
    """The last ten of the 90 days before that have like weather and are of the day's kind."""
    found = []
    for back in range(1, 91):
        other = day - timedelta(days=back)
        if other not in skies or kind(other) != kind(day):
            continue
        same = skies[other][0] == skies[day][0]
        if same and abs(skies[other][1] - skies[day][1]) <= 5 and len(found) < 10:
            found.append(other)
    return sorted(found)


def like(day: date, volumes: Volumes, days: Sequence[date]) -> dict[str, tuple[int, Fraction]]:
    """Volume and median of the similar days of each arc that has five of them."""
    found = {}
    for arc, volume in volumes[day].items():
        earlier = [Fraction(volumes[one][arc]) for one in days if arc in volumes[one]]
        if len(earlier) >= 5:
            found[arc] = (volume, median(earlier))
    return found


def ratio(day: date, start: date, arc: str, volumes: Volumes) -> dict[str, Any]:
    """An arc before a work and during it: days used, weighted sums, and whether they are enough."""
    before = [start - timedelta(days=n) for n in range(1, 29)]
    during = [day - timedelta(days=n) for n in range(28) if day - timedelta(days=n) >= start]
    tops, bottoms, days, used = Fraction(0), Fraction(0), 0, 0
    for of_kind in ("working", "free", "away"):
        old = [Fraction(volumes[d][arc]) for d in before
               if kind(d) == of_kind and arc in volumes.get(d, {})]  # fmt: skip
        new = [Fraction(volumes[d][arc]) for d in during
               if kind(d) == of_kind and arc in volumes.get(d, {})]  # fmt: skip
        if len(old) >= 3 and new:
            bottoms += median(old) * len(new)
            tops += median(new) * len(new)
            days += len(new)
            used += len(old)
    known = days >= 3 and bottoms > 0
    return {
        "before_days": used, "during_days": days, "tops": tops, "bottoms": bottoms, "known": known,
    }  # fmt: skip


def effect(
    day: date, start: date, arc: str, zone: Sequence[str], volumes: Volumes
) -> dict[str, Any]:
    """The figures of an arc near a work; `zone` are the arcs of its zone near no work."""
    own = ratio(day, start, arc, volumes)
    controls = [found for one in zone if (found := ratio(day, start, one, volumes))["known"]]
    control = None
    if len(controls) >= 3:
        control = sum(one["tops"] for one in controls) / sum(one["bottoms"] for one in controls)
    row: dict[str, Any] = {
        "before_days": own["before_days"], "during_days": own["during_days"],
        "control_arcs": len(controls), "control_ratio": control,
    }  # fmt: skip
    if not own["known"]:
        return row | dict.fromkeys(("before_veh", "during_veh", "work_ratio", "work_change"))
    change = own["tops"] / own["bottoms"]
    return row | {
        "before_veh": own["bottoms"] / own["during_days"],
        "during_veh": own["tops"] / own["during_days"], "work_ratio": change,
        "work_change": None if control is None else change / control - 1,
    }  # fmt: skip


@dataclass(frozen=True)
class Near:
    """A work, the arc that it lies near, what it leaves and how that weighs."""

    work: str
    start: date
    arc: str
    impact: str
    weight: Fraction | None


@dataclass(frozen=True)
class Town:
    """What was counted, the weather, zones of the arcs, and works, each without a last day."""

    volumes: Volumes
    skies: Mapping[date, tuple[str, float]]
    zones: Mapping[str, str]
    works: Sequence[Near]

    def active(self, day: date) -> list[Near]:
        return [one for one in self.works if one.start <= day]

    def rows(self, day: date) -> dict[str, dict[str, Any]]:
        """The arcs of a day."""
        days = similar(day, self.skies)
        found = {}
        for arc, zone in self.zones.items():
            volume = self.volumes[day].get(arc)
            earlier = [Fraction(self.volumes[d][arc]) for d in days if arc in self.volumes[d]]
            usual = median(earlier) if len(earlier) >= 5 else None
            own = [one for one in self.active(day) if one.arc == arc]
            found[arc] = {
                "arrondissement": zone, "volume_veh": volume, "similar_days": len(earlier),
                "similar_veh": usual,
                "like_ratio": None if None in (volume, usual) else volume / usual,
                "works_active": len(own), "impact_weight": weight(own),
            }  # fmt: skip
        return found

    def sums(self, day: date, zone: str | None = None) -> dict[str, Any]:
        """The volumes of a zone, or of all, beside those of similar days."""
        rows = [one for one in self.rows(day).values() if zone in (None, one["arrondissement"])]
        counted = [one for one in rows if one["volume_veh"] is not None]
        both = [one for one in counted if one["similar_veh"] is not None]
        now = sum(one["volume_veh"] for one in both)
        then = sum(one["similar_veh"] for one in both)
        return {
            "volume_arcs": len(counted), "compared_arcs": len(both),
            "compared_share": Fraction(len(both), len(counted)),
            "compared_veh": now if both else None, "similar_veh": then if both else None,
            "like_ratio": now / then if both else None,
        }  # fmt: skip

    def zone(self, day: date, zone: str) -> dict[str, Any]:
        """A zone, but for what the analysis of the roads says of it."""
        own = [one for one in self.active(day) if self.zones[one.arc] == zone]
        return self.sums(day, zone) | {
            "arrondissement": zone, "works_active": len(own), "impact_weight": weight(own),
            "exposed_arcs": len({one.arc for one in own}),
        }  # fmt: skip

    def effects(self, day: date) -> dict[tuple[str, str], dict[str, Any]]:
        """The pairs of work and arc that are compared."""
        active = self.active(day)
        exposed = {one.arc for one in active}
        found = {}
        for one in active:
            if (day - one.start).days <= 91:
                zone = self.zones[one.arc]
                rest = [a for a, of in self.zones.items() if of == zone and a not in exposed]
                found[one.work, one.arc] = {
                    "work_id": one.work, "arc_id": one.arc, "arrondissement": zone,
                    "start": one.start, "impact": one.impact,
                    **effect(day, one.start, one.arc, rest, self.volumes),
                }  # fmt: skip
        return found

    def city(self, day: date) -> dict[str, Any]:
        """The city, but for what the analysis of the roads says of it."""
        active = self.active(day)
        known = [one for one in self.effects(day).values() if one["work_change"] is not None]
        return self.sums(day) | {
            "similar_days": len(similar(day, self.skies)), "works_active": len(active),
            "exposed_arcs": len({one.arc for one in active}), "works_compared": len(known),
        }  # fmt: skip


def weight(works: Sequence[Near]) -> Fraction | None:
    """Sum of the weights that are known."""
    known = [one.weight for one in works if one.weight is not None]
    return sum(known, Fraction(0)) if known else None
