"""Thirty days of `cityflow-ingest daily` on sources that lag, correct, break and vanish at random:
in the end every row of roads and bikes is published once, every version of every dataset is kept as
it was sent, and every failure is explained.
"""

import gzip
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
from urllib.parse import urlsplit

import polars as pl
import pytest
import requests
from standins import BIKES, BIN, PATIENT, ROADS, StandIns, quick_city, stand_ins

from cityflow.contracts import Dataset, Run
from cityflow.settings import Settings
from cityflow.storage import Editions, RawEntry, RawZone, Runs, Store, layout, open_store

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("FAULT_SEED") or 20251006)
KEY = "canary-Key-0123456789"
BEGIN = datetime(2025, 10, 6, 8, tzinfo=UTC)
DAYS, QUIET_DAYS, WINDOW = 30, 7, 35
END = BEGIN + timedelta(days=DAYS - 1)
DATASETS = {ROADS: "comptages", BIKES: "bikes"}
MADE = (Dataset.ROADS_ANALYSIS, Dataset.ACROSS, Dataset.REGISTER)
FETCHED = {str(dataset) for dataset in Dataset if dataset not in MADE}
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
    """What thirty days left: the house, what each run answered, which faults struck, and how often
    each path of the stand-ins gave records without a fault.
    """

    house: House
    runs: list[tuple[datetime, int, Any]]
    hits: Counter[str]
    answered: Counter[str]

    @property
    def store(self) -> Store:
        return open_store(Settings(output_dir=self.house.folder / "output"))

    @cached_property
    def truths(self) -> dict[str, dict[datetime, dict[str, Any]]]:
        """Of each feed of counts, what was published of each day at the time of each run."""
        first = BEGIN.date() - timedelta(days=WINDOW)
        times = {min(now, END) for now, _, _ in self.runs}
        truth = self.house.sources.truth
        return {
            feed: {now: truth(feed, first, END.date(), now.isoformat()) for now in times}
            for feed in DATASETS
        }

    def received(self, feed: str) -> dict[str, dict[int, set[str]]]:
        """Of each day the versions that came, in order, and the raw objects they are in."""
        found: dict[str, dict[int, set[str]]] = {}
        for now, one in self.fetches():
            if one["feed"] == feed and one["outcome"] in ("new", "unchanged"):
                known = self.truths[feed][min(now, END)][one["day"]]
                assert one["rows"] == known["rows"]
                found.setdefault(one["day"], {}).setdefault(known["version"], set()).add(one["key"])
        return found

    def fetches(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """Every fetch of a feed and day, with the time of its run."""
        for now, _, document in self.runs:
            for one in document["fetched"]:
                yield now, one


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("month")
    quick_city(folder / "paris.toml", window=WINDOW, **PATIENT)
    options = ("--arcs", 12, "--seed", SEED % 1000, "--prim-key", KEY,
               "--late-days", 0.15, "--revised-days", 0.3, "--missing-days", 0.1)  # fmt: skip
    with stand_ins(BEGIN.isoformat(), *options) as sources:
        yield live(House(folder, sources))


def live(house: House) -> Month:
    """Thirty days with faults; then a week in which the sources stand still and nothing fails, so
    that what was asked for too early is asked for again.
    """
    dice = random.Random(SEED)
    month = Month(house, [], Counter(), Counter())
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
        month.answered.update(house.sources.whole_answers())
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


@pytest.fixture(scope="module")
def processed(month: Month) -> Iterator[Store]:
    """The store after the processor has done all that came."""
    code, _ = month.house.run("cityflow-processor", "backfill")
    assert code == 0
    with month.store as store:
        yield store


@pytest.mark.parametrize("feed", DATASETS)
def test_the_clean_zone_holds_every_published_row_exactly_once(
    month: Month, processed: Store, feed: str
) -> None:
    received = month.received(feed)
    whole = 0
    for day, truth in month.truths[feed][END].items():
        expected = rows_of(month, feed, day, received.get(day, {}))
        assert clean(processed, feed, date.fromisoformat(day)) == sorted(expected), day
        if day >= HELD_FROM and truth["version"] is not None and truth["flaw"] is None:
            assert len(expected) == truth["records" if feed == ROADS else "rows"], day
            whole += 1
    assert whole > DAYS / 3


def rows_of(
    month: Month, feed: str, day: str, versions: Mapping[int, object]
) -> list[tuple[Any, ...]]:
    """The rows of a day: of each arc or counter and hour the one of the latest version that came.
    The day itself, the last version, has them all.
    """
    appeared = month.truths[feed][END][day]["versions"]
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for version in sorted(versions):
        records = month.house.sources.records(feed, date.fromisoformat(day), appeared[version])
        canonical = road_row if feed == ROADS else bike_row
        rows |= {row[:2]: row for row in map(canonical, records)}
    return list(rows.values())


def clean(store: Store, feed: str, day: date) -> list[tuple[Any, ...]]:
    """Rows of the clean table of a day: arc, instant, flow, occupancy in 10⁻⁵ %; or counter,
    instant, bikes.
    """
    dataset = DATASETS[feed]
    pointer = Editions(store).current(dataset, day)
    if pointer is None or pointer.status == "no_data":
        return []
    table = pl.read_parquet(
        io.BytesIO(store.objects.read(layout.clean(dataset, day, pointer.edition)))
    )
    names = ("arc_id", "hour_end", "flow_veh", "occupancy_e5")
    columns = names if feed == ROADS else ("counter_id", "hour_start", "bikes")
    rows = table.select(columns).rows()
    return sorted((entity, hour, *map(_sortable, values)) for entity, hour, *values in rows)


def road_row(record: dict[str, Any]) -> tuple[Any, ...]:
    occupancy = None if record["k"] is None else round(record["k"] * 100_000)
    flow = None if record["q"] is None else int(record["q"])
    return (
        record["iu_ac"],
        datetime.fromisoformat(record["t_1h"]),
        _sortable(flow),
        _sortable(occupancy),
    )


def bike_row(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["id_compteur"], datetime.fromisoformat(record["date"]), record["sum_counts"]


def _sortable(value: int | None) -> int:
    return -1 if value is None else value


@pytest.mark.parametrize("feed", DATASETS)
def test_every_version_of_a_day_stands_in_raw_once(month: Month, feed: str) -> None:
    received = month.received(feed)
    assert any(len(versions) > 1 for versions in received.values())
    keys = [found for versions in received.values() for found in versions.values()]
    assert all(len(found) == 1 for found in keys)
    assert len(set.union(*keys)) == len(keys)


def test_everything_that_came_stands_in_raw_with_each_arrival(month: Month) -> None:
    """Of every dataset; how often something came is told by the stand-in's own log."""
    fetched = Counter((one["dataset"], one["key"]) for _, one in month.fetches() if one["key"])
    with month.store as store:
        zone = RawZone(store)
        entries = {(entry.meta.dataset, entry.key): entry.meta for entry in all_raw(zone)}
        assert entries.keys() == fetched.keys()
        assert {dataset for dataset, _ in entries} == FETCHED
        for (dataset, key), meta in entries.items():
            assert len(meta.receipts) == fetched[dataset, key]
            with zone.open(key) as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == meta.sha256
        arrived = Counter(_path(meta.url) for meta in entries.values() for _ in meta.receipts)
    # On the last quiet day the archive is asked for a day that the city, which stands still, has
    # not begun.
    refused = sum(retry["reason"].startswith("HTTP 400") for _, one in month.fetches()
                  for retry in one["retries"])  # fmt: skip
    assert arrived + Counter({"/v1/archive": refused}) == month.answered
    assert refused <= 1


def test_what_stands_in_raw_is_what_the_source_has_when_asked_again(month: Month) -> None:
    """Of every dataset: the same request at the same time of the city, and nothing in its way."""
    sources, asked = month.house.sources, 0
    with month.store as store:
        metas = {entry.key: entry.meta for entry in all_raw(RawZone(store))}
    for now, _, document in month.runs:
        sources.at(min(now, END).isoformat())
        for one in document["fetched"]:
            meta = metas.pop(one["key"], None)
            if meta is None:
                continue
            url = f"{sources.urls[0]}{_path(meta.url)}"
            answer = requests.get(url, meta.params, headers={"apikey": KEY}, timeout=30)
            content = answer.content
            if content.startswith(b"\x1f\x8b"):
                content = gzip.decompress(content)
            assert hashlib.sha256(content).hexdigest() == meta.content_sha256, (one, answer.url)
            asked += 1
    assert metas == {}
    assert asked > 5 * DAYS


def all_raw(zone: RawZone) -> list[RawEntry]:
    return [entry for dataset in FETCHED for entry in zone.entries(dataset)]


def _path(url: str | None) -> str:
    return urlsplit(url or "").path


def test_the_run_log_explains_every_failed_request(month: Month) -> None:
    runs = [run for run in ledger(month) if run.started_at < END + timedelta(hours=1)]
    assert all(run.outcome != "running" for run in runs)
    retries = [retry for run in runs for retry in run.retries]
    local = ("no connection", "quota used up")
    struck = [retry for retry in retries if not retry.reason.startswith(local)]
    told = Counter(retry.reason.partition(":")[0] for retry in struck)
    assert told.total() == month.hits.total(), told
    assert all(retry.then for retry in retries)
    roads = [retry for run in runs if run.feed == ROADS for retry in run.retries]
    assert all(retry.not_before for retry in roads if retry.reason.startswith("HTTP 429"))
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
