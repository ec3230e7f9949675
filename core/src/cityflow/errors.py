"""Every error CityFlow raises on purpose, and the exit code a batch ends with.

    CityFlowError
    ├── BadArguments          exit 2   the command or a setting cannot be used
    ├── SourceError           exit 3   what arrived cannot be read
    │   └── FileRefused                one file, refused by name
    │       └── FileDamaged            … because it is cut or damaged
    ├── QualityGateRed        exit 4   a day was not published
    ├── StoreUnavailable      exit 5   the database or the object store
    │   ├── ObjectNotFound
    │   ├── DocumentTooLarge
    │   └── UnknownSchemaVersion
    └── TryAgain              exit 75  another run was faster, or a passing fault
        └── VersionConflict            the document changed since it was read

A message tells what was wrong, where, and what to do. All can go from one process to another.
"""

from typing import Self


class CityFlowError(Exception):
    """Root of all deliberate errors; `exit_code` is what a batch command ends with."""

    exit_code = 1


class BadArguments(CityFlowError):
    """The command line or a setting cannot be used."""

    exit_code = 2


class SourceError(CityFlowError):
    """A source, or the bytes it gave, cannot be read."""

    exit_code = 3


class FileRefused(SourceError):
    """One file is not what a dataset publishes: says what was found and what was expected."""

    def __init__(self, name: str, found: str, expected: str) -> None:
        super().__init__(f"{name}: found {found}; expected {expected}")
        self.name = name
        self.found = found
        self.expected = expected

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str]]:
        return type(self), (self.name, self.found, self.expected)


class FileDamaged(FileRefused):
    """It ends too early or is broken inside; fetched again it may be whole."""


class QualityGateRed(CityFlowError):
    """A gate was red: nothing was published for that day, an earlier edition stands."""

    exit_code = 4


class StoreUnavailable(CityFlowError):
    """The database or the object store cannot be reached, read or written."""

    exit_code = 5


class ObjectNotFound(StoreUnavailable):
    """No object has that key."""


class DocumentTooLarge(StoreUnavailable):
    """A document exceeds 256 KiB of canonical JSON."""


class UnknownSchemaVersion(StoreUnavailable):
    """A document was written by a newer version of CityFlow."""


class TryAgain(CityFlowError):
    """Nothing is wrong for good: run the same command again."""

    exit_code = 75


class VersionConflict(TryAgain):
    """A conditional write found another version than the one expected."""
