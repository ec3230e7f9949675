"""One file pins every version: all that is installed, and nothing that is not."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [
    ROOT / "core/pyproject.toml",
    *sorted(ROOT.glob("services/*/pyproject.toml")),
    ROOT / "simulator/pyproject.toml",
]


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = [re.fullmatch(r"([\w.-]+)==([\w.!+]+)", line) for line in lines if line[0] != "#"]
    assert all(found), "a line of constraints.txt is not NAME==VERSION"
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def declared() -> Iterator[Requirement]:
    for path in PROJECTS:
        project = tomllib.loads(path.read_text())
        yield from map(Requirement, project["project"]["dependencies"])
        yield from map(Requirement, project["build-system"]["requires"])
    lines = (ROOT / "requirements/dev.txt").read_text().splitlines()
    yield from (Requirement(line) for line in lines if not line.startswith("#"))


def reachable() -> set[str]:
    """Names of every distribution that a declared one needs here, extras included."""
    seen: set[tuple[str, str]] = set()
    todo = list(declared())
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                todo += needs(name, extra)
    return {name for name, _ in seen}


def needs(name: str, extra: str) -> list[Requirement]:
    try:
        wanted = map(Requirement, distribution(name).requires or [])
    except PackageNotFoundError:
        return []
    return [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": extra})]


def ours() -> set[str]:
    return {
        canonicalize_name(tomllib.loads(path.read_text())["project"]["name"]) for path in PROJECTS
    }


def test_every_installed_version_is_the_pinned_one() -> None:
    installed: dict[str, str] = {
        canonicalize_name(one.name): one.version for one in distributions()
    }
    wanted = {name: installed[name] for name in reachable() & installed.keys() - ours()}

    assert {name: pinned().get(name) for name in wanted} == wanted


def test_no_pin_is_left_over() -> None:
    # only below Python 3.14; only below 3.12
    conditional = {"backports-zstd", "importlib-metadata", "lazy-importer", "zipp"}

    assert pinned().keys() - reachable() <= conditional
