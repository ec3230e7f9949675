"""The columns of a delimited file by technical name, and which lines need no quotes to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cityflow_processor.comptages.fields import (
    ARC,
    MEASURED,
    STATE,
    STATE_CODES,
    STATUS,
    STATUS_CODES,
    TIME,
)

_GUARDS: Final = {STATE: STATE_CODES, STATUS: STATUS_CODES}


@dataclass(frozen=True)
class Header:
    """Columns of a delimited file by technical name (None: a column we do not read)."""

    columns: tuple[str | None, ...]
    delimiter: str

    @cached_property
    def measured(self) -> tuple[int, ...]:
        """Positions of the columns that hold measurements."""
        return tuple(i for i, name in enumerate(self.columns) if name in MEASURED)

    @cached_property
    def run(self) -> tuple[int, int]:
        """Positions of the first and the last of the fields that change from hour to hour.

        Of those that stand side by side from the first one on.
        """
        changing = [i for i in self.measured if self.columns[i] != ARC]
        together = [i for n, i in enumerate(changing) if i - changing[0] == n]
        return together[0], together[-1]

    @property
    def last_measured(self) -> int:
        """Position of the last column whose loss would change a measurement."""
        return self.measured[-1]

    @property
    def guard(self) -> str | None:
        """The last measured column if it shows by itself that a row was not cut short."""
        name = self.columns[self.last_measured]
        return name if name in _GUARDS else None

    def stands_alone(self, fields: Sequence[str]) -> bool:
        """Whether a line cut at every delimiter is a record, whatever quotes are in its rest.

        Its measured fields hold no quote, arc and time are there, the last one is a known code.
        """
        if self.guard is None or len(fields) <= self.last_measured:
            return False
        if not is_known(self.guard, fields[self.last_measured]):
            return False
        measured = {self.columns[i]: fields[i] for i in self.measured}
        return bool(measured[ARC] and measured[TIME]) and '"' not in "".join(measured.values())


def is_known(guard: str, text: str | None) -> bool:
    """Whether a published state or status is one of the contract's."""
    return text is not None and text.strip().lower() in _GUARDS[guard]
