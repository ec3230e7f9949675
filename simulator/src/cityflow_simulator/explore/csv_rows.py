"""The CSV export: a header of names or labels, then rows as they come."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import polars as pl

from cityflow_simulator.explore.answer import Answer
from cityflow_simulator.explore.parameters import Style
from cityflow_simulator.explore.texts import as_text

BOM = "\ufeff".encode()
SLICE = 20_000


def csv_export(answer: Answer, style: Style, zone: ZoneInfo) -> Iterator[bytes]:
    """The whole export in pieces of bounded size."""
    titles = [field.label if style.use_labels else field.name for field in answer.fields]
    head = pl.DataFrame([titles], schema=[str(i) for i in range(len(titles))], orient="row")
    yield (BOM if style.with_bom else b"") + _rows(head, style)
    texts = [as_text(field, zone) for field in answer.fields]
    for frame in answer.frames:
        for part in frame.iter_slices(SLICE):
            yield _rows(part.select(texts), style)


def _rows(frame: pl.DataFrame, style: Style) -> bytes:
    return frame.write_csv(
        include_header=False,
        separator=style.delimiter,
        quote_style="always" if style.quote_all else "necessary",
    ).encode()
