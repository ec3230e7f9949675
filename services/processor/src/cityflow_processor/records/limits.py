"""A dataset's table of thresholds: name, value, unit and source, one version on every edition."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Limits:
    """Values by name."""

    values: Mapping[str, str]

    @property
    def version(self) -> str:
        """Version of the table."""
        return self.values["version"]

    def __getitem__(self, name: str) -> float:
        return float(self.values[name])

    def whole(self, name: str) -> int:
        """A value that counts days, hours or bikes."""
        return int(self.values[name])


@cache
def limits_of(package: str) -> Limits:
    """The thresholds in force, from `thresholds.csv` of a package."""
    text = files(package).joinpath("thresholds.csv").read_text(encoding="utf-8")
    return Limits({row["name"]: row["value"] for row in csv.DictReader(text.splitlines())})
