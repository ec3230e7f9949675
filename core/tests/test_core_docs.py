"""The generated pages are what the code says, and they leave nothing out."""

from pathlib import Path

import pytest

from cityflow import docs
from cityflow._dictionary import DOCUMENTS, type_text
from cityflow.console import run_cli
from cityflow.contracts.base import DocumentBase
from cityflow.contracts.published import TABLES
from cityflow.contracts.report_tables import SECTIONS
from cityflow.settings import Settings, env_name

FOLDER = Path(__file__).parents[2] / "docs"


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as end:
        run_cli(docs.app, args)
    return int(end.value.code or 0)


@pytest.mark.parametrize("name", docs.PAGES)
def test_the_committed_page_is_what_the_code_says(name):
    written = (FOLDER / name).read_text(encoding="utf-8") if (FOLDER / name).exists() else ""
    assert written == docs.PAGES[name](), "stale: run `python -m cityflow.docs write`"


def test_write_then_check(tmp_path):
    folder = ("--docs", str(tmp_path / "docs"))
    assert run("check", *folder) == 1
    assert run("write", *folder) == 0
    assert run("check", *folder) == 0


def test_check_names_the_stale_page_and_what_to_run(tmp_path, capsys):
    folder = ("--docs", str(tmp_path))
    run("write", *folder)
    (tmp_path / "configuration.md").write_text("old")
    assert run("check", *folder) == 1
    said = capsys.readouterr().err
    assert "configuration.md" in said
    assert "python -m cityflow.docs write" in said
    assert "data-dictionary" not in said


def test_every_stored_document_is_described():
    described = {top.model for top in DOCUMENTS}
    assert _concrete(DocumentBase) == described


def test_every_field_and_column_has_a_meaning():
    page = docs.data_dictionary()
    assert "|  |\n" not in page
    for name in [*(t.name for t in SECTIONS), *(t.name for ts in TABLES.values() for t in ts)]:
        assert f": {name}\n" in page


def test_every_link_leads_to_a_heading():
    page = docs.data_dictionary()
    links = {part.split(")")[0] for part in page.split("](#")[1:]}
    headings = {line[4:].lower() for line in page.splitlines() if line.startswith("### ")}
    assert links <= headings


def test_every_setting_stands_in_the_configuration():
    page = docs.configuration()
    assert all(f"| `{env_name(field)}` |" in page for field in Settings.model_fields)


def test_types_in_words():
    assert type_text(tuple[int, ...] | None) == "list of integer"
    assert type_text(dict[str, float]) == "map of text to number"


def _concrete(base: type) -> set[type]:
    """Models that no other is built on."""
    ours = [kind for kind in base.__subclasses__() if kind.__module__.startswith("cityflow.")]
    leaves = {kind for kind in ours if not kind.__subclasses__()}
    return leaves.union(*(_concrete(kind) for kind in ours))
