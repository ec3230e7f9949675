"""Thirty days of `cityflow-ingest daily` on sources that lag, correct, break and vanish at random:
in the end every row is published once, every version is kept, and every failure is explained.
"""

import hashlib
import io
import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from standins import BIN, ROADS, StandIns, quick_city, stand_ins

from cityflow.contracts import Run
from cityflow.settings import Settings
from cityflow.storage import Editions, RawZone, Runs, Store, layout, open_store

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("FAULT_SEED") or 20251006)
KEY = "canary-Key-0123456789"
BEGIN = datetime(2025, 10, 6, 8, tzinfo=UTC)
DAYS, QUIET_DAYS, WINDOW = 30, 7, 35
END = BEGIN + timedelta(days=DAYS - 1)
HELD_FROM = str((END + timedelta(days=QUIET_DAYS - WINDOW)).date())
"""The first day that the source may still be asked for in the end."""
EXPORTS = ("*/exports/*", f"*/{ROADS}/exports/*")
ANYWHERE = ("*", f"*/{ROADS}/*", *EXPORTS)
MENU: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (ANYWHERE, {"kind": "status", "status": 503}),
    (ANYWHERE, {"kind": "status", "status": 500}),
    (ANYWHERE, {"kind": "status", "status": 429, "reset_seconds": 1, "times": 1}),
    (ANYWHERE, {"kind": "html"}),
    (ANYWHERE, {"kind": "empty"}),
    (ANYWHERE, {"kind": "redirect"}),
    (EXPORTS, {"kind": "cut", "at": 300}),
    (EXPORTS, {"kind": "cut", "at": 300, "clean": True}),
    (EXPORTS, {"kind": "reset", "at": 200}),
    (EXPORTS, {"kind": "truncated_gzip"}),
    (EXPORTS, {"kind": "oversize", "bytes": 70_000_000, "times": 1}),
    (EXPORTS, {"kind": "gzip_bomb", "bytes": 300_000_000, "times": 1}),
    (("*/exports/csv",), {"kind": "header", "text": "a;b;c"}),
)
"""Where each fault does harm: a small answer is too short to be cut."""


@dataclass
class House:
    """A store, the stand-ins, and all that was said."""

    folder: Path
    sources: StandIns
    said: list[str] = field(default_factory=list)

    def run(self, program: str, *arguments: str, now: datetime = END) -> tuple[int, Any]:
        environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "OUTPUT_DIR": str(self.folder / "output"),
            "CITYFLOW_LOG_LEVEL": "DEBUG",
            "CITYFLOW_TENANT": str(self.folder / "paris.toml"),
            "CITYFLOW_NOW": now.isoformat(),
            "PRIM_API_KEY": KEY,
            **self.sources.settings,
        }
        done = subprocess.run(
            [BIN / program, *arguments, "--json"],
            cwd=self.folder, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.said += [done.stdout, done.stderr]
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout) if done.stdout else None


@dataclass
class Month:
    """What thirty days left: the house, what each run answered, and which faults struck."""

    house: House
    runs: list[tuple[datetime, int, Any]]
    hits: Counter[str]

    @property
    def store(self) -> Store:
        return open_store(Settings(output_dir=self.house.folder / "output"))

    @cached_property
    def truths(self) -> dict[datetime, dict[str, Any]]:
        """What was published of each day, at the time of each run."""
        first = BEGIN.date() - timedelta(days=WINDOW)
        times = {min(now, END) for now, _, _ in self.runs}
        truth = self.house.sources.truth
        return {now: truth(first, END.date(), now.isoformat()) for now in times}

    def received(self) -> dict[str, dict[int, set[str]]]:
        """Of each day the versions that came, in order, and the raw objects they are in."""
        found: dict[str, dict[int, set[str]]] = {}
        for now, one in self.fetches():
            if one["outcome"] in ("new", "unchanged"):
                known = self.truths[min(now, END)][one["day"]]
                assert one["rows"] == known["rows"]
                found.setdefault(one["day"], {}).setdefault(known["version"], set()).add(one["key"])
        return found

    def fetches(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """Every fetch of a road day, with the time of its run."""
        for now, _, document in self.runs:
            for one in document["fetched"]:
                if one["feed"] == ROADS:
                    yield now, one


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("month")
    city = quick_city(folder / "paris.toml", window=WINDOW, read_seconds=60, answer_seconds=300)
    city.write_text(city.read_text("utf-8").replace("changing = 30", "changing = 3"), "utf-8")
    options = ("--arcs", 25, "--seed", SEED % 1000, "--prim-key", KEY,
               "--late-days", 0.15, "--revised-days", 0.3, "--missing-days", 0.1)  # fmt: skip
    with stand_ins(BEGIN.isoformat(), *options) as sources:
        yield live(House(folder, sources))


def live(house: House) -> Month:
    """Thirty days with faults; then a week in which the sources stand still and nothing fails, so
    that what was asked for too early is asked for again.
    """
    dice = random.Random(SEED)
    month = Month(house, [], Counter())
    for number in range(DAYS + QUIET_DAYS):
        now = BEGIN + timedelta(days=number)
        quiet = number >= DAYS
        house.sources.at(min(now, END).isoformat())
        faults = [] if quiet else [fault(dice) for _ in range(dice.randint(1, 4))]
        house.sources.fail(*faults)
        gone = not quiet and dice.random() < 0.2
        house.sources.open(1, not gone)
        code, document = house.run("cityflow-ingest", "daily", now=now)
        assert code in ((0,) if quiet else (0, 3)), house.said[-1][-2000:]
        month.runs.append((now, code, document))
        month.hits.update(house.sources.hits())
        assert not list(house.folder.rglob("*.part"))
    house.sources.fail()
    house.sources.open(1, True)
    return month


def fault(dice: random.Random) -> dict[str, Any]:
    paths, chosen = dice.choice(MENU)
    return {
        "times": dice.randint(1, 6),
        **chosen,
        "path": dice.choice(paths),
        "chance": dice.choice((0.1, 0.3, 1.0)),
    }


def test_most_days_went_well_and_the_faults_did_strike(month: Month) -> None:
    codes = Counter(code for _, code, _ in month.runs)
    assert codes[0] > DAYS / 2
    assert len(month.hits) >= 6, month.hits
    assert month.hits.total() > DAYS


def test_the_clean_zone_holds_every_published_row_exactly_once(month: Month) -> None:
    code, _ = month.house.run("cityflow-processor", "backfill")
    assert code == 0
    received = month.received()
    whole = 0
    with month.store as store:
        for day, truth in month.truths[END].items():
            expected = rows_of(month, day, received.get(day, {}))
            assert clean(store, date.fromisoformat(day)) == sorted(expected), day
            if day >= HELD_FROM and truth["version"] is not None and truth["flaw"] is None:
                assert len(expected) == truth["records"], day
                whole += 1
    assert whole > DAYS / 3


def rows_of(month: Month, day: str, versions: Mapping[int, object]) -> list[tuple[Any, ...]]:
    """The rows of a day: of each arc and hour the one of the latest version that came. The day
    itself, the last version, has them all.
    """
    appeared = month.truths[END][day]["versions"]
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for version in sorted(versions):
        records = month.house.sources.records(date.fromisoformat(day), appeared[version])
        rows |= {row[:2]: row for row in map(canonical, records)}
    return list(rows.values())


def clean(store: Store, day: date) -> list[tuple[Any, ...]]:
    """Rows of the clean table of a day: arc, instant, flow, occupancy in 10⁻⁵ %."""
    pointer = Editions(store).current("comptages", day)
    if pointer is None or pointer.status == "no_data":
        return []
    table = pl.read_parquet(
        io.BytesIO(store.objects.read(layout.clean("comptages", day, pointer.edition)))
    )
    rows = table.select("arc_id", "hour_end", "flow_veh", "occupancy_e5").rows()
    return sorted((arc, hour, _sortable(q), _sortable(k)) for arc, hour, q, k in rows)


def canonical(record: dict[str, Any]) -> tuple[Any, ...]:
    occupancy = None if record["k"] is None else round(record["k"] * 100_000)
    flow = None if record["q"] is None else int(record["q"])
    return (
        record["iu_ac"],
        datetime.fromisoformat(record["t_1h"]),
        _sortable(flow),
        _sortable(occupancy),
    )


def _sortable(value: int | None) -> int:
    return -1 if value is None else value


def test_every_version_that_came_stands_in_raw_once(month: Month) -> None:
    received = month.received()
    assert any(len(versions) > 1 for versions in received.values())
    keys = [found for versions in received.values() for found in versions.values()]
    assert all(len(found) == 1 for found in keys)
    assert len(set.union(*keys)) == len(keys)
    fetched = Counter(one["key"] for _, one in month.fetches() if one["key"])
    with month.store as store:
        zone = RawZone(store)
        entries = {entry.key: entry.meta for entry in zone.entries("comptages")}
        assert entries.keys() == fetched.keys()
        for key, meta in entries.items():
            assert len(meta.receipts) == fetched[key]
            with zone.open(key) as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == meta.sha256


def test_the_run_log_explains_every_failed_request(month: Month) -> None:
    runs = [run for run in ledger(month) if run.started_at < END + timedelta(hours=1)]
    assert all(run.outcome != "running" for run in runs)
    retries = [retry for run in runs for retry in run.retries]
    local = ("no connection", "quota used up")
    struck = [retry for retry in retries if not retry.reason.startswith(local)]
    told = Counter(retry.reason.partition(":")[0] for retry in struck)
    assert told.total() == month.hits.total(), told
    assert all(retry.then for retry in retries)
    failed = [run for run in runs if run.outcome == "failed"]
    assert all(run.error and run.retries[-1].then == "gave up" for run in failed)
    said = Counter(retry["reason"] for now, _, document in month.runs if now <= END
                   for one in document["fetched"] for retry in one["retries"])  # fmt: skip
    assert said == Counter(retry.reason for retry in retries)


def ledger(month: Month) -> list[Run]:
    with month.store as store:
        return list(Runs(store).query(date(2025, 1, 1), date(2027, 1, 1), stage="ingest"))


def test_no_secret_is_anywhere(month: Month) -> None:
    with month.store as store:
        assert RawZone(store).entries("traffic"), "the key was never used"
    needle = KEY.encode()
    files = [path for path in month.house.folder.rglob("*") if path.is_file()]
    assert [path for path in files if needle in path.read_bytes()] == []
    assert [text for text in month.house.said if KEY in text] == []
    assert any("disruptions_bulk" in text for text in month.house.said)
