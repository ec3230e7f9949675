"""What the bytes of an edition depend on besides their inputs: code and packages of a process."""

import hashlib
import platform
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

CODE: Final = "the code of CityFlow"
_OURS: Final = ("cityflow", "cityflow_processor")
_DISTRIBUTIONS: Final = ("cityflow-core", "cityflow-processor")


@cache
def stamp() -> Mapping[str, str]:
    """Versions by package: all that CityFlow names, Python, and a digest of its own code."""
    lines = [line for name in _DISTRIBUTIONS for line in requires(name) or ()]
    names = {found[0] for line in lines if (found := re.match(r"[\w.-]+", line))}
    held = {
        name: _version(name) for name in sorted({*names, "dask", "distributed"} - {*_DISTRIBUTIONS})
    }
    python = ".".join(platform.python_version_tuple()[:2])
    return {CODE: _code(), "python": python, **held}


def differences(mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """What another process has otherwise, in words."""
    return [
        f"{name} is {theirs.get(name, 'missing')} there, {mine.get(name, 'missing')} here"
        for name in sorted(mine.keys() | theirs.keys())
        if mine.get(name) != theirs.get(name)
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _code() -> str:
    found = hashlib.sha256()
    for package in _OURS:
        spec = find_spec(package)
        assert spec is not None and spec.origin is not None
        root = Path(spec.origin).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".csv", ".json"):
                found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]
