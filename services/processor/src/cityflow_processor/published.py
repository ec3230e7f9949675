"""Editions that other editions are made of: their documents and tables, or what to do if lost."""

from collections.abc import Sequence
from datetime import date
from io import BytesIO

import polars as pl
from polars.exceptions import PolarsError

from cityflow.errors import ObjectNotFound, StoreUnavailable
from cityflow.storage import Editions, Store
from cityflow.storage.ports import Json


def document(store: Store, dataset: str, day: date, edition: str) -> Json:
    """The summary of an edition. Raises StoreUnavailable if it is lost."""
    found = Editions(store).document(dataset, day, edition)
    if found is None:
        raise StoreUnavailable(
            f"edition {edition} of {dataset} {day} is lost; process its day again"
        )
    return found


def table(store: Store, key: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A published table, or some of its columns; texts that repeat are plain texts.

    Raises StoreUnavailable if it is lost or damaged.
    """
    chosen = None if columns is None else list(columns)
    try:
        data = BytesIO(store.objects.read(key))
        frame = pl.read_parquet(data, columns=chosen, use_statistics=False)
    except (PolarsError, ObjectNotFound) as error:
        raise StoreUnavailable(
            f"{key} is lost or damaged ({error}); process its day again"
        ) from error
    texts = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Categorical)]
    whole = frame.with_columns(pl.col(texts).cast(pl.String)) if texts else frame
    return whole if chosen is None else whole.select(chosen)
