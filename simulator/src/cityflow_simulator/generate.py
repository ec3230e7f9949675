"""A synthetic Paris on disk: each file appears under its name only once it is whole.

Memory is bounded by one day, however many are written.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from cityflow.calendar import days
from cityflow.errors import BadArguments
from cityflow_simulator.districts import build_districts, districts_geojson
from cityflow_simulator.feed import Day
from cityflow_simulator.others import Others
from cityflow_simulator.plan import Work
from cityflow_simulator.referentiel import referentiel_csv
from cityflow_simulator.truth import day_truth, document

MEBIBYTE = 1 << 20
TRUTH = "truth.json"


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
    bikes: dict[str, Any] = {}
    if plan.others:
        others = Others(work.feed, work.first, plan.end)
        files += [_stream(out / name, content) for name, content in others.files()]
        bikes = others.truth()
    truth = document(plan.arguments(), city, files, found) | {"bikes": bikes}
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


def _stream(path: Path, content: Iterator[bytes]) -> dict[str, Any]:
    with _whole(path) as file:
        file.writelines(content)
    return {"name": path.name, "bytes": path.stat().st_size}


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
