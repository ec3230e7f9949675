"""The files: the published layout, the same bytes again, a truth that a recount confirms."""

import csv
import json
import os
import subprocess
import sys
import tracemalloc
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cityflow.errors import BadArguments
from cityflow_simulator.feed import Rates
from cityflow_simulator.formats import occupancy_text, state_of
from cityflow_simulator.generate import Generated, generate
from cityflow_simulator.plan import Plan, Work, prepare

LABELS = [
    "Identifiant arc", "Libelle", "Date et heure de comptage", "Débit horaire",
    "Taux d'occupation", "Etat trafic", "Identifiant noeud amont", "Libelle noeud amont",
    "Identifiant noeud aval", "Libelle noeud aval", "Etat arc", "Date debut dispo data",
    "Date fin dispo data", "geo_point_2d", "geo_shape",
]  # fmt: skip
NAMES = [
    "iu_ac", "libelle", "t_1h", "q", "k", "etat_trafic", "iu_nd_amont", "libelle_nd_amont",
    "iu_nd_aval", "libelle_nd_aval", "etat_barre", "date_debut", "date_fin", "geo_point_2d",
    "geo_shape",
]  # fmt: skip
ROUGH = Rates(duplicates=0.004, conflicts=0.002, phantoms=2)
AUTUMN = Plan(days=20, end=date(2025, 11, 9), arcs=60, rates=ROUGH)


def _make(plan: Plan, out: Path) -> Generated:
    return generate(prepare(plan), out, lambda _: None)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("autumn")
    _make(AUTUMN, out)
    return out


def test_the_csv_is_the_published_one(autumn: Path) -> None:
    content = (autumn / "comptages.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfIdentifiant arc;")
    assert b"\r" not in content and content.endswith(b"\n") and not content.endswith(b"\n\n")
    rows = _read(autumn / "comptages.csv")
    assert list(rows[0]) == LABELS
    assert all(None not in row and None not in row.values() for row in rows)
    assert all(row["Libelle"].startswith("SYN_") for row in rows)
    located = next(row for row in rows if row["geo_shape"])
    assert json.loads(located["geo_shape"])["type"] == "LineString"
    lat, lon = map(float, located["geo_point_2d"].split(", "))
    assert 48.7 < lat < 49.0 and 2.2 < lon < 2.5
    bare = next(row for row in rows if not row["geo_shape"] and row["Identifiant arc"] != "*")
    assert not bare["geo_point_2d"] and not bare["Date debut dispo data"]


def test_values_are_written_like_the_feed(autumn: Path) -> None:
    limits = ((15, "Fluide"), (30, "Pré-saturé"), (50, "Saturé"), (101, "Bloqué"))
    for row in _read(autumn / "comptages.csv"):
        flow, share = row["Débit horaire"], row["Taux d'occupation"]
        assert not flow or flow == f"{int(float(flow))}.0"
        if not share:
            assert row["Etat trafic"] == "Inconnu"
            continue
        assert share == str(float(share)) and len(share.partition(".")[2]) <= 5
        assert row["Etat trafic"] == next(name for limit, name in limits if float(share) < limit)
        assert row["Etat arc"] in {"Ouvert", "Invalide", "Barré"}
        assert datetime.fromisoformat(row["Date et heure de comptage"]).utcoffset() is not None


def test_occupancy_text() -> None:
    assert [occupancy_text(step) for step in (0, 1, 9, 5238, 180_000)] == [
        "0.0", "0.00056", "0.005", "2.91", "100.0",
    ]  # fmt: skip
    assert [state_of(step) for step in (26_999, 27_000, 54_000, 90_000)] == [
        "Fluide", "Pré-saturé", "Saturé", "Bloqué",
    ]  # fmt: skip


def _recount(rows: list[dict[str, str]]) -> dict[str, dict[str, int]]:
    """An independent count per service day, keeping the richest of contradicting rows."""
    seen: dict[str, dict[tuple[str, str], list[dict[str, str]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    phantoms: dict[str, int] = defaultdict(int)
    for row in rows:
        stamp = row["Date et heure de comptage"]
        day = str((datetime.fromisoformat(stamp[:19]) - timedelta(hours=1)).date())
        if row["Identifiant arc"] == "*":
            phantoms[day] += 1
        else:
            seen[day][row["Identifiant arc"], stamp].append(row)
    return {day: _count(keys) | {"phantom_rows": phantoms[day]} for day, keys in seen.items()}


def _count(keys: dict[tuple[str, str], list[dict[str, str]]]) -> dict[str, int]:
    kept = [max(copies, key=_richness) for copies in keys.values()]
    extra = [[row for row in copies if row != max(copies, key=_richness)]
             for copies in keys.values()]  # fmt: skip
    conflicting = sum(map(len, extra))
    flows = [int(float(row["Débit horaire"])) for row in kept if row["Débit horaire"]]
    return {
        "hours": len({stamp for _, stamp in keys}),
        "records": len(kept),
        "duplicates_conflicting": conflicting,
        "duplicates_identical": sum(map(len, keys.values())) - len(kept) - conflicting,
        "flow_veh": sum(flows),
        "flow_rows": len(flows),
        "zero_flow_rows": flows.count(0),
        "occupancy_rows": sum(bool(row["Taux d'occupation"]) for row in kept),
    }


def _richness(row: dict[str, str]) -> tuple[int, int, float, float]:
    flow, share = row["Débit horaire"], row["Taux d'occupation"]
    decimals = len(share.partition(".")[2].rstrip("0"))
    return bool(flow) + bool(share), decimals, float(flow or -1), float(share or -1)


def test_the_truth_agrees_with_a_recount(autumn: Path) -> None:
    truth = json.loads((autumn / "truth.json").read_text())
    rows = _read(autumn / "comptages.csv")
    counted = _recount(rows)
    assert set(counted) == {day for day, found in truth["days"].items() if not found["missing"]}
    assert len(truth["days"]) == 20
    assert truth["missing_days"] == ["2025-11-08"]
    for day, figures in counted.items():
        assert {name: truth["days"][day][name] for name in figures} == figures
    assert sum(found["rows"] for found in truth["days"].values()) == len(rows)
    assert sum(day["duplicates_conflicting"] for day in truth["days"].values()) > 20
    assert truth["synthetic"] is True
    sizes = {file["name"]: file["bytes"] for file in truth["files"]}
    assert sizes == {name: (autumn / name).stat().st_size for name in sizes}


def test_the_truth_names_the_arcs(autumn: Path) -> None:
    truth = json.loads((autumn / "truth.json").read_text())
    rows = _read(autumn / "comptages.csv")
    counts = {row["Identifiant arc"] for row in rows if row["Débit horaire"]}
    occupied = {row["Identifiant arc"] for row in rows if row["Taux d'occupation"]}
    for arc in truth["arcs"]["silent"]:
        assert arc not in counts | occupied
    assert set(truth["arcs"]["occupancy_only"]) <= occupied - counts
    assert set(truth["arcs"]["without_geometry"]) == {
        row["Identifiant arc"] for row in rows if not row["geo_shape"]
    } - {"*"}
    stamps = {row["Date et heure de comptage"] for row in rows}
    injected = [e for day in truth["days"].values() for e in day.get("stuck", [])]
    assert injected and all(episode["first_stamp"] in stamps for episode in injected)


def test_same_arguments_same_bytes(autumn: Path, tmp_path: Path) -> None:
    _make(AUTUMN, tmp_path)
    assert _contents(tmp_path) == _contents(autumn)


def test_another_process_writes_the_same_bytes(autumn: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from cityflow_simulator.main import app; app()", "generate",
               str(tmp_path / "out"), "--days", "20", "--end", "2025-11-09", "--arcs", "60",
               "--duplicates", "0.004", "--conflicts", "0.002", "--phantoms", "2",
               "--json"]  # fmt: skip
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["rows"] > 0 and result["missing_days"] == ["2025-11-08"]
    assert _contents(tmp_path / "out") == _contents(autumn)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_day_is_the_same_in_any_range_and_layout(autumn: Path, tmp_path: Path) -> None:
    plan = Plan(days=3, end=date(2025, 11, 9), arcs=60, rates=ROUGH, split="daily")
    _make(plan, tmp_path)
    daily = sorted(tmp_path.glob("comptages_*.csv"))
    assert [path.name for path in daily] == [
        "comptages_2025-11-07.csv",
        "comptages_2025-11-09.csv",
    ]
    whole = (autumn / "comptages.csv").read_bytes()
    bodies = b"".join(path.read_bytes().partition(b"\n")[2] for path in daily)
    assert whole.endswith(bodies)


def test_json_holds_the_same_records(autumn: Path, tmp_path: Path) -> None:
    plan = Plan(days=20, end=date(2025, 11, 9), arcs=60, rates=ROUGH, form="json")
    _make(plan, tmp_path)
    records: list[dict[str, Any]] = json.loads((tmp_path / "comptages.json").read_text("utf-8"))
    rows = _read(autumn / "comptages.csv")
    assert len(records) == len(rows)
    assert list(records[0]) == NAMES
    for record, row in zip(records, rows, strict=True):
        values = [*list(record.values())[:13]]
        assert ["" if value is None else str(value) for value in values] == list(row.values())[:13]
        if row["geo_shape"]:
            point = record["geo_point_2d"]
            assert f"{point['lat']}, {point['lon']}" == row["geo_point_2d"]
            assert record["geo_shape"]["geometry"] == json.loads(row["geo_shape"])


def test_rows_are_shuffled_within_a_day_unless_asked(tmp_path: Path) -> None:
    plan = Plan(days=2, end=date(2025, 9, 17), arcs=40)
    _make(plan, tmp_path / "shuffled")
    _make(Plan(days=2, end=date(2025, 9, 17), arcs=40, order="time"), tmp_path / "ordered")
    shuffled, ordered = (
        [row["Date et heure de comptage"] for row in _read(tmp_path / name / "comptages.csv")]
        for name in ("shuffled", "ordered")
    )
    assert ordered == sorted(ordered)
    assert shuffled != ordered and sorted(shuffled) == ordered


def test_a_size_decides_the_days(tmp_path: Path) -> None:
    plan = Plan(end=date(2025, 9, 20), arcs=200, size_gb=0.008)
    done = _make(plan, tmp_path)
    assert 0.95 * 8e6 < (tmp_path / "comptages.csv").stat().st_size < 10e6
    assert done.rows == sum(day["rows"] for day in done.truth["days"].values())


def test_memory_does_not_grow_with_days(tmp_path: Path) -> None:
    few, many = (prepare(Plan(days=days, end=date(2025, 9, 20), arcs=200)) for days in (5, 20))
    generate(many, tmp_path, lambda _: None)

    def peak(work: Work) -> int:
        tracemalloc.start()
        try:
            generate(work, tmp_path, lambda _: None)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(many) < peak(few) + 300_000


def test_a_new_generation_takes_the_old_one_away(tmp_path: Path) -> None:
    _make(Plan(days=3, end=date(2025, 9, 20), arcs=20, split="daily"), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    _make(Plan(days=1, end=date(2025, 9, 20), arcs=20), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "arrondissements.geojson", "comptages.csv", "notes.txt", "referentiel.csv", "truth.json",
    ]  # fmt: skip


def test_a_broken_generation_leaves_no_half_file(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(prepare(Plan(days=2, arcs=20)), tmp_path, stop)
    assert not list(tmp_path.glob("comptages*")) and not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "truth.json").exists()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(days=0), "at least one day"),
        (Plan(days=800_000, arcs=20), "before year 1"),
        (Plan(size_gb=0.0), "above zero"),
        (Plan(rates=Rates(duplicates=2.0)), "share from 0 to 0.5"),
        (Plan(rates=Rates(phantoms=-1)), "0 or more"),
    ],
)
def test_unusable_plans_are_refused(plan: Plan, message: str) -> None:
    with pytest.raises(BadArguments, match=message):
        prepare(plan)


@pytest.mark.parametrize("obstacle", ["a file", "a foreign truth"])
def test_a_folder_in_use_is_refused(tmp_path: Path, obstacle: str) -> None:
    target = tmp_path / "out"
    if obstacle == "a file":
        target.write_text(obstacle)
    else:
        target.mkdir()
        (target / "truth.json").write_text("[1, 2]")
    with pytest.raises(BadArguments, match="folder"):
        _make(Plan(days=1, arcs=20), target)


def test_progress_is_told_of_every_day(tmp_path: Path) -> None:
    told: list[int] = []
    note: Callable[[int], None] = told.append
    generate(prepare(Plan(days=4, arcs=20)), tmp_path, note)
    assert told == [1] * 4
