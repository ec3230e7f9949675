"""How values of the road loops are written: one pattern each for who recognises and who reads them.

A pattern describes the text without the blanks around it.
"""

import re
from typing import Final

ISO_STAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
"""With an offset, in UTC, or naive Paris time: the interface, the export and the archives."""

RESAVED_STAMP: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4})[ T](\d\d:\d\d(?::\d\d)?)", re.ASCII)
"""`dd/mm/yyyy hh:mm`, as spreadsheets save again what was published. Groups: day … clock."""

STAMP: Final = re.compile(f"{ISO_STAMP.pattern}|{RESAVED_STAMP.pattern}", re.ASCII)

NUMBER: Final = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?", re.ASCII)
"""With a point, or the comma of a French spreadsheet."""

ARC_ID: Final = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.:-]{0,63}", re.ASCII)
"""Identifier of an arc: what is accepted stands as it is in the path of an address."""
