"""What to generate, made ready: a plan that cannot be carried out is refused before any work."""

from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

from cityflow.errors import BadArguments
from cityflow_simulator.city import build_city
from cityflow_simulator.feed import Feed, Order, Rates
from cityflow_simulator.formats import Format, Layout, build_layout

Split = Literal["single", "daily"]
GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Plan:
    """What to generate. `size_gb` takes the place of `days`: as many days as fill it; `others`:
    bikes, bike share, works, disruptions and weather too."""

    days: int = 28
    end: date = date(2025, 11, 9)
    arcs: int = 3_000
    seed: int = 1
    split: Split = "single"
    form: Format = "csv"
    order: Order = "random-within-day"
    size_gb: float | None = None
    rates: Rates = field(default_factory=Rates)
    others: bool = False

    def arguments(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        return {**asdict(self), "end": self.end.isoformat()}


@dataclass
class Work:
    """A plan made ready: the feed, the layout and the days to write."""

    plan: Plan
    feed: Feed
    layout: Layout
    first: date

    @property
    def day_count(self) -> int:
        """Number of days to write, missing ones included."""
        return (self.plan.end - self.first).days + 1


def prepare(plan: Plan) -> Work:
    """Build the city and decide the days; raises BadArguments if the plan cannot be used."""
    _check(plan)
    city = build_city(plan.seed, plan.arcs)
    feed = Feed.of(city, plan.rates, plan.order)
    layout = build_layout(city, plan.form)
    count = plan.days if plan.size_gb is None else _days_to_fill(plan, feed, layout)
    if count >= plan.end.toordinal():
        raise BadArguments(f"--days {count}: the first day would lie before year 1; ask for fewer")
    return Work(plan, feed, layout, plan.end - timedelta(days=count - 1))


def _check(plan: Plan) -> None:
    if plan.days < 1:
        raise BadArguments(f"--days {plan.days}: give at least one day")
    if plan.size_gb is not None and plan.size_gb <= 0:
        raise BadArguments(f"--size-gb {plan.size_gb}: give a size above zero")
    for name in ("duplicates", "conflicts", "missing_days"):
        share = getattr(plan.rates, name)
        if not 0 <= share <= 0.5:
            raise BadArguments(f"the rate of {name} is {share}: give a share from 0 to 0.5")
    if plan.rates.phantoms < 0:
        raise BadArguments(f"{plan.rates.phantoms} phantom rows a day: give 0 or more")


def _days_to_fill(plan: Plan, feed: Feed, layout: Layout) -> int:
    """Days that together reach the size, by the bytes of a whole day."""
    whole = replace(feed, rates=Rates(missing_days=0.0))
    a_day = sum(len(part) for part in layout.render(whole.publish(plan.end)))
    target, count, filled = (plan.size_gb or 0) * GIGABYTE, 0, 0
    while filled < target:
        day = plan.end - timedelta(days=count)
        filled += 0 if feed.misses(day) else a_day
        count += 1
    return count
