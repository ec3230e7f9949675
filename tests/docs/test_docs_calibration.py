"""docs/calibration.md names every threshold that is chosen, and the bounds in force."""

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
PARTS = {
    file.parent.name: [*csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
    for file in (ROOT / "services" / "processor" / "src").rglob("thresholds.csv")
}
CHOSEN = re.compile(r"CityFlow|domain A\.3|half-way")
"""Sources of what is a recommendation or CityFlow's own."""


def named(page: str) -> dict[str, set[str]]:
    """Thresholds in the rows of the overview, by part."""
    found = defaultdict[str, set[str]](set)
    for part, names in re.findall(r"^\| (\w+) \| (`.*?) \|", page, re.MULTILINE):
        found[part] |= {*re.findall(r"`(\w+)`", names)}
    return found


def in_force() -> dict[str, set[float]]:
    """Values by name, over all parts."""
    found = defaultdict[str, set[float]](set)
    for rows in PARTS.values():
        for row in rows:
            found[row["name"]].add(float(row["value"]))
    return found


def marked(page: str) -> list[tuple[str, float]]:
    """Thresholds that are swept in the boxes, and the bound that has the asterisk."""
    found = []
    for box in re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for table in re.split(r"\n\n", box):
            name = (re.match(r"[a-z_]+", table) or [""])[0]
            for bound in re.findall(r"^(-?[\d.]+)\*", table, re.MULTILINE):
                found.append((name, float(bound)))
    return found


@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_chosen_threshold_is_in_the_overview(part: str) -> None:
    chosen = {row["name"] for row in PARTS[part] if CHOSEN.search(row["source"])}
    assert chosen - named(PAGE)[part] == set()
    assert named(PAGE)[part] - {row["name"] for row in PARTS[part]} == set()


def test_the_marked_bounds_are_those_in_force() -> None:
    values, swept = in_force(), [one for one in marked(PAGE) if one[0] in in_force()]
    assert len({name for name, _ in swept}) > 50
    assert [(name, bound) for name, bound in swept if bound not in values[name]] == []


def test_a_threshold_that_moved_or_is_not_named_is_caught() -> None:
    assert "like_days" not in named(PAGE.replace("`like_days`", "like days"))["across"]
    moved = marked(PAGE.replace("\n90*", "\n91*", 1))
    assert [one for one in moved if one not in marked(PAGE)] == [("like_days", 91.0)]
