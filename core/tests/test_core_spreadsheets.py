import pytest

from cityflow.spreadsheets import FORMULA, defused


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_would_calculate_is_text(text: str) -> None:
    assert defused(text) == FORMULA.sub(r"'\1", text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Rue", "a=b", "1-2", "'=1", " =1", "É"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert defused(text) == FORMULA.sub(r"'\1", text) == text
