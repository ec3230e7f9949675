"""Every figure that is published of any dataset is explained in docs/methodology.md."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from pydantic import BaseModel

from cityflow._dictionary import DOCUMENTS
from cityflow.contracts import Attribution, Check, Dataset, PublishedDocument
from cityflow.contracts.published import SUMMARIES, TABLES
from cityflow.contracts.register import RegisterEntry
from cityflow.contracts.report import DailyReport
from cityflow.contracts.report_tables import FIGURES, SECTIONS
from cityflow.contracts.tables import REJECTS
from cityflow_processor.reference.tables import LINES, POLYGONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "methodology.md").read_text(encoding="utf-8")
PROCESSOR = ROOT / "services" / "processor" / "src" / "cityflow_processor"
REPORT = "report"
REFERENCE = {LINES, POLYGONS}
DAILY = {*SUMMARIES} - REFERENCE
"""All but the reference data, which a part on all datasets explains."""

OF_THE_EDITION = {
    *("schema_version", "dataset", "day", "edition", "status", "quality", "context"),
    *("attribution", "context_attributions", "attributions"),
    *("method_version", "thresholds_version", "writer_version", "past"),
}
"""Top fields of a document: what it is, of what and by what it was made, whom to name."""

IDENTITY = {
    *("arc_id", "counter_id", "site_id", "station_code", "line_id", "network_id", "work_id"),
    *("disruption_id", "place", "feed", "page", "updated_at", "code"),
    *("hour_end", "hour_start", "reported_at", "day", "dataset"),
    *(
        "node_from_id",
        "node_to_id",
        "raw_sha256",
        "member",
        "row",
        "section",
        "item",
        "name",
        "table",
    ),
}
"""Keys: which thing, and when."""

AS_PUBLISHED = {
    *("label", "counter_name", "site_name", "installed_on", "station_name", "commune"),
    *("line_name", "title", "place_name", "street", "location", "description", "purpose", "owner"),
    *("postal_code", "typology", "impact_detail", "latitude", "longitude", "lon", "lat"),
    *("detail", "raw_text", "source", "source_url", "licence", "licence_url", "attribution"),
    *("synthetic", "message"),
}
"""Texts and coordinates that are shown as a source gave them."""

CONTAINERS = {"totals", "hourly", "range"}
"""Fields of which only what is inside is a figure."""

LEFT_OUT = IDENTITY | AS_PUBLISHED | CONTAINERS


class Section(NamedTuple):
    """One section of the page: the datasets of its part (none: all) and the fields it names."""

    title: str
    datasets: frozenset[str]
    fields: frozenset[str]
    text: str


def sections(page: str) -> list[Section]:
    """Those that explain fields."""
    found = []
    for part in re.split(r"^# ", page, flags=re.MULTILINE)[1:]:
        whose = re.search(r"^Datasets: (.*?)\.$", part, re.MULTILINE)
        datasets = frozenset(re.findall(r"`(\w+)`", whose[1]) if whose else ())
        for section in part.split("\n## ")[1:]:
            line = re.search(r"^Fields: (.*?)\.\n\n", section, re.DOTALL | re.MULTILINE)
            fields = frozenset(re.findall(r"`(\w+)`", line[1]) if line else ())
            found.append(Section(section.partition("\n")[0], datasets, fields, section))
    return found


SECTIONS_OF_PAGE = sections(PAGE)


def inside(annotation: Any) -> Iterator[str]:
    """Names of the fields of the models in an annotation, and of those in them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in (Attribution, Check):
            return
        for name, field in annotation.model_fields.items():
            yield name
            yield from inside(field.annotation)
    yield from chain.from_iterable(inside(argument) for argument in get_args(annotation))


def of_summary(model: type[BaseModel]) -> set[str]:
    """Fields of a daily document and of all in it, without what describes its edition."""
    own = {n: f for n, f in model.model_fields.items() if n not in OF_THE_EDITION - {"quality"}}
    nested = chain.from_iterable(inside(field.annotation) for field in own.values())
    return {*own, *nested} - {"quality"}


def of_tables(dataset: str) -> set[str]:
    tables = (table for table in TABLES.get(dataset, ()) if table is not REJECTS)
    return {column.name for table in tables for column in table.columns}


def of_report() -> set[str]:
    """What a report has of its own: other columns of its sections are fields of the datasets."""
    columns = {column.name for table in SECTIONS for column in table.columns}
    carried = {name for dataset in DAILY for name in published(dataset)}
    models, fields = {*SUMMARIES.values()}, DailyReport.model_fields
    held = {n for n, f in fields.items() if models & {*get_args(f.annotation)}}
    own = {n: f for n, f in fields.items() if n not in held}
    nested = chain.from_iterable(inside(field.annotation) for field in own.values())
    figures = {column.name for column in FIGURES.columns}
    copied = {name for name in columns if name in carried or is_of_block(name, carried)}
    renamed = held - {*SUMMARIES}
    return {*own, *renamed, *nested, *figures, *(columns - copied)} - OF_THE_EDITION


def is_of_block(column: str, carried: set[str]) -> bool:
    """Whether it is the field of a block: `<block>_<field>`."""
    words = column.split("_")
    halves = (("_".join(words[:at]), "_".join(words[at:])) for at in range(1, len(words)))
    return any(block in carried and field in carried for block, field in halves)


def published(dataset: str) -> set[str]:
    """All that is published of a dataset."""
    if dataset == REPORT:
        return of_report()
    entries = inside(RegisterEntry) if dataset == "register" else ()
    return of_summary(SUMMARIES[dataset]) | of_tables(dataset) | ({*entries} - OF_THE_EDITION)


DATASETS = sorted({*SUMMARIES, *TABLES, REPORT})


def explained(dataset: str, page: list[Section]) -> set[str]:
    own = (one.fields for one in page if not one.datasets or dataset in one.datasets)
    return set().union(*own)


def unexplained(dataset: str, page: list[Section] = SECTIONS_OF_PAGE) -> set[str]:
    return published(dataset) - LEFT_OUT - explained(dataset, page)


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_published_field_has_a_section(dataset: str) -> None:
    assert unexplained(dataset) == set()


def test_every_dataset_is_looked_at() -> None:
    assert {*SUMMARIES} == {*TABLES}
    assert {*TABLES} >= REFERENCE
    daily = {one.model for one in DOCUMENTS if issubclass(one.model, PublishedDocument)}
    assert daily == {*SUMMARIES.values()}
    assert {*Dataset} - {*DATASETS} == {Dataset.CALENDAR}, "nothing is published of the calendar"
    assert set().union(*(one.datasets for one in SECTIONS_OF_PAGE)) - {*DATASETS} == set()


@pytest.mark.parametrize("section", SECTIONS_OF_PAGE, ids=lambda one: one.title)
def test_every_explained_field_is_published(section: Section) -> None:
    of_part = set().union(*(published(name) for name in section.datasets or DATASETS))
    assert section.fields - of_part == set()
    assert section.fields & LEFT_OUT == set()


def test_what_is_left_out_is_published() -> None:
    every = set().union(*(published(name) for name in DATASETS))
    of_rejects = {column.name for column in REJECTS.columns}
    others = of_rejects | set(Check.model_fields) | set(Attribution.model_fields)
    assert LEFT_OUT - every - others == set()


@pytest.mark.parametrize("section", SECTIONS_OF_PAGE, ids=lambda one: one.title)
def test_a_section_tells_source_limits_and_what_the_figure_is_not(section: Section) -> None:
    assert section.fields, "no line `Fields:`"
    assert re.search(r"Source:|guide A\.", section.text)
    assert "Limits:" in section.text
    assert re.search(r"\bnot\b", section.text)


def test_titles_of_sections_differ() -> None:
    titles = [one.title for one in SECTIONS_OF_PAGE]
    assert len(set(titles)) == len(titles), "a link could not tell them apart"


def test_every_gate_and_every_table_of_thresholds_is_named() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in PROCESSOR.rglob("*.py"))
    gates = set(re.findall(r'\b_?[Cc]heck\(\s*(?:name=)?f?"([\w ]+?)(?: of \{|")', code))
    (section,) = (one.text for one in SECTIONS_OF_PAGE if one.title == "Gates")
    assert gates - set(re.findall(r"`([\w ]+)`", section)) == set()
    tables = {str(file.relative_to(ROOT)) for file in PROCESSOR.rglob("*.csv")}
    assert {table for table in tables if f"`{table}`" not in PAGE} == set()


@pytest.mark.parametrize("dataset", sorted(DAILY))
def test_a_dataset_without_a_part_is_caught(dataset: str) -> None:
    others = [one for one in SECTIONS_OF_PAGE if dataset not in one.datasets]
    assert unexplained(dataset, others)


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_field_without_a_section_is_caught(dataset: str) -> None:
    for name in published(dataset) - LEFT_OUT:
        poorer = [one._replace(fields=one.fields - {name}) for one in SECTIONS_OF_PAGE]
        assert unexplained(dataset, poorer) == {name}
