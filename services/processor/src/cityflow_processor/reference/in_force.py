"""Which version of a reference dataset is in force on a day: versions are dated by receipt."""

from dataclasses import dataclass
from datetime import date, datetime

from cityflow.calendar import day_bounds


@dataclass(frozen=True)
class Version:
    """One version of a reference dataset and one receipt of it, by which versions are ordered.

    `polygons`: of the loop geometry, the version of the polygons that it lies by.
    """

    received_at: datetime
    position: int
    sha256: str
    edition: str
    key: str
    synthetic: bool
    polygons: "Version | None" = None


@dataclass(frozen=True)
class References:
    """All versions of a reference dataset, by receipt, and what could not be read."""

    versions: tuple[Version, ...]
    unreadable: tuple[str, ...]

    def in_force(self, day: date) -> Version | None:
        """The latest version received by the end of the day, else the earliest held."""
        end = day_bounds(day)[1]
        received = [version for version in self.versions if version.received_at <= end]
        if received:
            return received[-1]
        return self.versions[0] if self.versions else None
