"""The register as a CSV file: one row a range that stands; what was written is read back."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from pydantic import ValidationError

from cityflow.contracts.register import AnomalousRange, RegisterEntry
from cityflow.contracts.register_tables import REGISTER_CLEAN
from cityflow.errors import FileRefused
from cityflow.spreadsheets import defused
from cityflow_processor.register.book import check, place

COLUMNS: Final = tuple(column.name for column in REGISTER_CLEAN.columns)
_NEEDED: Final = COLUMNS[1:]


def written(entries: Iterable[RegisterEntry]) -> str:
    """UTF-8, comma, LF; instants in ISO 8601, an empty cell is a null."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in entries:
        cells = {"range_id": one.range_id, **one.range.model_dump(mode="json")}
        writer.writerow("" if cells[name] is None else defused(cells[name]) for name in COLUMNS)
    return text.getvalue()


def read(name: str, text: str) -> list[AnomalousRange]:
    """The ranges of such a file; `range_id` is not looked at, for it follows from the rest.

    Raises FileRefused for the first row that means nothing, with its line.
    """
    rows = csv.DictReader(StringIO(text))
    lacking = [column for column in _NEEDED if column not in (rows.fieldnames or ())]
    if lacking:
        raise FileRefused(name, f"no column {lacking[0]}", ", ".join(_NEEDED))
    found: list[AnomalousRange] = []
    places = set[tuple[str, ...]]()
    for row in rows:
        cells = {column: _undone(row[column] or "") or None for column in _NEEDED}
        where = f"{name}, line {rows.line_num}"
        try:
            one = AnomalousRange.model_validate(cells)
            check(one)
        except ValidationError as error:
            first = error.errors()[0]
            said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise FileRefused(where, said, "a range") from error
        if place(one) in places:
            raise FileRefused(where, "a range that stands above already", "each range once")
        places.add(place(one))
        found.append(one)
    return found


def _undone(cell: str) -> str:
    """A cell as it was before it was defused for spreadsheets."""
    return cell[1:] if cell.startswith("'") and defused(cell[1:]) == cell else cell
