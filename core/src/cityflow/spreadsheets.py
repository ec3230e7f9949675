"""A spreadsheet takes some texts of a CSV file for formulas: those from outside are defused.

A text that begins with = + - @, a tab or a line break gets an apostrophe before it; numbers do not.
"""

import re
from typing import Final

FORMULA: Final = re.compile(r"^([=+\-@\t\r\n])")


def defused(text: str) -> str:
    """The text as a cell that no spreadsheet calculates."""
    return f"'{text}" if FORMULA.match(text) else text
