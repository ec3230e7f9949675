"""A synthetic Paris on disk: each file appears under its name only once it is whole.

Memory is bounded by one day, however many are written.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal

from cityflow.calendar import days
from cityflow.errors import BadArguments
from cityflow_simulator.city import build_city
from cityflow_simulator.districts import build_districts, districts_geojson
from cityflow_simulator.feed import Day, Feed, Order, Rates
from cityflow_simulator.formats import Format, Layout, build_layout
from cityflow_simulator.referentiel import referentiel_csv
from cityflow_simulator.truth import day_truth, document

Split = Literal["single", "daily"]
GIGABYTE = 1_000_000_000
MEBIBYTE = 1 << 20
TRUTH = "truth.json"


@dataclass(frozen=True)
class Plan:
    """What to generate. `size_gb` takes the place of `days`: as many days as fill it."""

    days: int = 28
    end: date = date(2025, 11, 9)
    arcs: int = 3_000
    seed: int = 1
    split: Split = "single"
    form: Format = "csv"
    order: Order = "random-within-day"
    size_gb: float | None = None
    rates: Rates = field(default_factory=Rates)

    def arguments(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        return {**asdict(self), "end": self.end.isoformat()}


@dataclass(frozen=True)
class Generated:
    """What was written: paths with their rows and bytes, and the truth."""

    files: list[dict[str, Any]]
    truth: dict[str, Any]

    @property
    def rows(self) -> int:
        """Rows of all `comptages` files."""
        return sum(int(file.get("rows", 0)) for file in self.files)

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(int(file["bytes"]) for file in self.files)


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


def generate(work: Work, out: Path, wrote: Callable[[int], None]) -> Generated:
    """Write every file into the folder `out` and call `wrote(days)` as days are done."""
    _make_room(out)
    plan, city = work.plan, work.feed.city
    files = [
        _write(out / "referentiel.csv", referentiel_csv(city)),
        _write(out / "arrondissements.geojson", _districts(plan.seed)),
    ]
    found: dict[str, Any] = {}

    def note(day: Day) -> None:
        found[day.day.isoformat()] = day_truth(city, day)
        wrote(1)

    files += _single(work, out, note) if plan.split == "single" else _daily(work, out, note)
    truth = document(plan.arguments(), city, files, found)
    _write(out / TRUTH, (json.dumps(truth, indent=1) + "\n").encode())
    return Generated(files, truth)


def _make_room(out: Path) -> None:
    """Make the folder, and take away what an earlier generation wrote into it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadArguments(f"{out}: a file is in the way; name a folder to write to") from error
    truth = out / TRUTH
    if not truth.is_file():
        return
    try:
        names = [Path(str(file["name"])).name for file in json.loads(truth.read_bytes())["files"]]
    except (ValueError, LookupError, TypeError) as error:
        raise BadArguments(
            f"{truth}: not written by this command; choose another folder"
        ) from error
    truth.unlink()
    for name in names:
        (out / name).unlink(missing_ok=True)


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
    whole = Feed(feed.city, feed.traffic, Rates(missing_days=0.0), feed.order)
    a_day = sum(len(part) for part in layout.render(whole.publish(plan.end)))
    target, count, filled = (plan.size_gb or 0) * GIGABYTE, 0, 0
    while filled < target:
        day = plan.end - timedelta(days=count)
        filled += 0 if feed.misses(day) else a_day
        count += 1
    return count


def _districts(seed: int) -> bytes:
    return districts_geojson(build_districts(seed)).encode()


def _single(work: Work, out: Path, note: Callable[[Day], None]) -> list[dict[str, Any]]:
    """All days in one file."""
    name = f"comptages.{work.layout.extension}"
    return [_write_days(out / name, work, days(work.first, work.plan.end), note)]


def _daily(work: Work, out: Path, note: Callable[[Day], None]) -> list[dict[str, Any]]:
    """One file a day; none for a day the feed lost."""
    files = []
    for day in days(work.first, work.plan.end):
        if work.feed.misses(day):
            note(work.feed.publish(day))
            continue
        name = f"comptages_{day}.{work.layout.extension}"
        files.append(_write_days(out / name, work, iter([day]), note))
    return files


def _write_days(
    path: Path, work: Work, which: Iterator[date], note: Callable[[Day], None]
) -> dict[str, Any]:
    rows, layout = 0, work.layout
    with _whole(path) as file:
        file.write(layout.opening)
        drop = layout.drop
        for day in map(work.feed.publish, which):
            for part in layout.render(day):
                file.write(part[drop:])
                drop = 0
            rows += len(day.rows)
            note(day)
        file.write(layout.closing)
    return {"name": path.name, "rows": rows, "bytes": path.stat().st_size}


def _write(path: Path, content: bytes) -> dict[str, Any]:
    with _whole(path) as file:
        file.write(content)
    return {"name": path.name, "bytes": len(content)}


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when it is complete and disappears if it never is."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb", buffering=MEBIBYTE) as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
