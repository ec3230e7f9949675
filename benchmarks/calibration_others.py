"""Vélib', works and disruptions of the few real snapshots, at other bounds."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.calibration_report import Floats, heading, marked, share, sweep, table
from cityflow.geo import LineIndex
from cityflow_processor.chantiers.thresholds import limits as of_works
from cityflow_processor.transit.thresholds import limits as of_transit
from cityflow_processor.velib.thresholds import limits as of_velib

Bools = npt.NDArray[np.bool_]
WORKS_DAY: Final = date(2023, 8, 31)
"""A day on which most of the real list is active."""
_STAMP: Final = "%Y%m%dT%H%M%S"
_SHORT: Final = 4
"""Words of so few letters (rue, quai) name no street."""


def print_others(real: Path) -> None:
    """The tables of the datasets of which a few snapshots are held."""
    _print_stations(real / "velib")
    _print_works(real)
    files = sorted((real / "disruptions").glob("*.json"))
    _print_disruptions(files)
    _print_stops(files, _arcs(real))


def _print_stations(folder: Path) -> None:
    """Minutes by which the last report of a station is behind the newest."""
    heading("Vélib': stations that are stale")
    ages = {}
    for file in sorted(folder.glob("*status*.json")):
        stations = json.loads(file.read_text("utf-8"))["data"]["stations"]
        ages[file.name] = np.array(
            [one["last_reported"] for one in stations if one["is_installed"]]
        )
    for file in sorted(folder.glob("*.csv")):
        rows = csv.DictReader(file.read_text("utf-8-sig").splitlines(), delimiter=";")
        ages[file.name] = np.array(
            [
                datetime.fromisoformat(row["Actualisation de la donnée"]).timestamp()
                for row in rows
                if row["Station en fonctionnement"] == "OUI"
            ]
        )
    for name, stamps in ages.items():
        minutes = (stamps.max() - stamps) / 60
        print(
            f"\n{name}: {minutes.size:,} stations in service, median {np.median(minutes):.1f} min, "
            f"p99 {np.quantile(minutes, 0.99):.1f} min behind the newest"
        )
        sweep(
            "stale_minutes",
            of_velib()["stale_minutes"],
            ("stations", "share"),
            {
                n: (int((minutes >= n).sum()), share(minutes >= n))
                for n in (10, 20, 30, 60, 120, 1440)
            },
        )
    # The share of all of them that is said: no snapshot held is near it.
    stale = [
        share((stamps.max() - stamps) / 60 >= of_velib()["stale_minutes"])
        for stamps in ages.values()
    ]
    print(
        f"\nstale_yellow_share {of_velib()['stale_yellow_share']:g}: {', '.join(stale)} are stale"
    )


def _print_works(real: Path) -> None:
    """Arcs near the works of the real list, and whether they bear the name of its street."""
    (file,) = (real / "chantiers").glob("*.csv")
    works = [row for row in _rows(file) if _is_active(row)]
    arcs = _arcs(real)
    near = [
        (away, bool(_words(arcs.labels[arc]) & _words(row["Voie(s)"])), row["Identifiant"])
        for row in works
        for arc, away in arcs.index.near(json.loads(row["geo_shape"]), 100)
    ]
    away, named = np.array([one[0] for one in near]), np.array([one[1] for one in near])
    heading(f"Works: {len(works)} active on {WORKS_DAY}, {len(arcs.labels):,} arcs")
    bounds = (5, 10, 20, 30, 40, 60, 80, 100)
    sweep(
        "exposed_m",
        of_works()["exposed_m"],
        ("pairs", "works with an arc", "new pairs", "new ones that name its street"),
        {
            n: (
                int((away <= n).sum()),
                len({work for far, _, work in near if far <= n}),
                int(_ring(away, last, n).sum()),
                share(named[_ring(away, last, n)]),
            )
            for last, n in zip((-1, *bounds), bounds, strict=False)
        },
    )
    impacts = Counter(
        row["Impact sur la circulation"].lower().replace("_", " ") or "not told" for row in works
    )
    table(("impact", "active works"), sorted(impacts.items()))


@dataclass(frozen=True)
class Arcs:
    """The arcs of the real referentiel: where they lie, and their labels."""

    index: LineIndex
    labels: Mapping[str, str]


def _arcs(real: Path) -> Arcs:
    (lines,) = (real / "referentiel").glob("*.csv")
    rows = [row for row in _rows(lines) if row["geo_shape"]]
    shapes = defaultdict(list)
    for row in rows:
        shapes[row["Identifiant arc"]].append(json.loads(row["geo_shape"])["coordinates"])
    several = [(arc, {"type": "MultiLineString", "coordinates": of}) for arc, of in shapes.items()]
    return Arcs(LineIndex(several), {row["Identifiant arc"]: row["Libelle"] for row in rows})


def _ring(away: Floats, inner: float, outer: float) -> Bools:
    return (away > inner) & (away <= outer)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [*csv.DictReader(text, delimiter=";")]


def _is_active(row: Mapping[str, str]) -> bool:
    first, last, day = row["Date de début"], row["Date de fin"], WORKS_DAY.isoformat()
    return bool(
        first and last and row["geo_shape"] and first <= day <= last and row["Statut"] not in "35"
    )


def _words(text: str) -> set[str]:
    cleaned = "".join(letter if letter.isalpha() else " " for letter in text.lower())
    return {word for word in cleaned.split() if len(word) > _SHORT}


def _print_disruptions(files: list[Path]) -> None:
    """Priorities that Navitia uses, and gaps between messages of one title."""
    heading("Disruptions: priorities, and gaps between messages of one title")
    priorities: Counter[tuple[int, str]] = Counter()
    gaps = []
    for file in files:
        told = json.loads(file.read_text("utf-8"))["disruptions"]
        priorities.update((one["severity"]["priority"], one["severity"]["name"]) for one in told)
        gaps += _gaps(told)
    table(
        ("priority", "name", "disruptions"),
        [(str(n), name, count) for (n, name), count in sorted(priorities.items())],
    )
    value = of_transit()
    bounds = (
        f"{name} below {value[name]:g}" for name in ("blocking_priority", "disrupted_priority")
    )
    print(f"\n{', '.join(bounds)}")
    minutes = np.array(gaps)
    table(
        ("episode_gap_minutes", "gaps joined", f"of {minutes.size:,}"),
        [
            (
                marked(n, value["episode_gap_minutes"]),
                int((minutes <= n).sum()),
                share(minutes <= n),
            )
            for n in (1, 10, 60, 360, 1440)
        ],
    )


def _print_stops(files: list[Path], arcs: Arcs) -> None:
    """Arcs near the stops that the line reports name, of those with an arc within 300 m."""
    stops: dict[str, tuple[float, float]] = {}
    for file in files:
        for one in json.loads(file.read_text("utf-8"))["line_reports"]:
            for held in one["pt_objects"]:
                place = held[held["embedded_type"]].get("coord")
                if place:
                    stops[held["id"]] = (float(place["lon"]), float(place["lat"]))
    near = {
        stop: np.array([away for _, away in found])
        for stop, at in sorted(stops.items())
        if (found := arcs.index.near({"type": "Point", "coordinates": at}, 300))
    }
    print(f"\n{len(stops):,} stops named with a place, {len(near):,} within 300 m of an arc")
    sweep(
        "near_arc_m",
        of_transit()["near_arc_m"],
        ("stops with an arc", "pairs", "arcs a stop"),
        {
            n: (
                sum(bool((away <= n).any()) for away in near.values()),
                sum(int((away <= n).sum()) for away in near.values()),
                float(np.mean([(away <= n).sum() for away in near.values() if (away <= n).any()])),
            )
            for n in (25, 50, 75, 100, 150, 200)
        },
    )


def _gaps(told: list[dict[str, Any]]) -> list[float]:
    """Minutes between the periods of the disruptions of one title, of those that are apart."""
    periods: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for one in told:
        titles = [m["text"] for m in one["messages"] if "title" in m["channel"]["types"]]
        title = titles[0] if titles else one["id"]
        for period in one["application_periods"]:
            begin, end = (datetime.strptime(period[at], _STAMP) for at in ("begin", "end"))
            periods[title].append((begin, end))
    found = []
    for of_title in periods.values():
        for (_, end), (begin, _) in pairwise(sorted(of_title)):
            if begin > end:
                found.append((begin - end) / timedelta(minutes=1))
    return found
