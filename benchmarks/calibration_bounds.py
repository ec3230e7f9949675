"""The product's own functions at other bounds than those in force."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from cityflow_processor.records.limits import limits_of


@contextmanager
def tried(package: str, **bounds: float) -> Iterator[None]:
    """Thresholds of a package of the processor as if their table had these values.

    The table is read once and shared by all that asks for it, so it is changed where it is held.
    """
    held = cast(dict[str, str], limits_of(f"cityflow_processor.{package}").values)
    before = dict(held)
    if unknown := bounds.keys() - before.keys():
        raise KeyError(f"{package} has no threshold {', '.join(sorted(unknown))}")
    held.update({name: f"{value:g}" for name, value in bounds.items()})
    try:
        yield
    finally:
        held.update(before)
