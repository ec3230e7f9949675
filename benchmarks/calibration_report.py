"""Tables of `make calibrate`: the bound in force has an asterisk, others stand beside it."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Cell = float | int | str | None
IN_FORCE = "*"


def heading(text: str) -> None:
    """A section of the report."""
    print(f"\n{text}\n{'-' * len(text)}")


def table(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Rows under their titles; numbers to the right, of floats three decimals."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(titles, *texts, strict=True)]
    print()
    for row in ([*titles], *texts):
        first, *rest = (
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join((first, *rest)).rstrip())


def sweep(
    name: str,
    current: float,
    titles: Sequence[str],
    found: Mapping[int, Sequence[Cell]] | Mapping[float, Sequence[Cell]],
) -> None:
    """What each of some bounds would give; the one in force is marked."""
    if current not in found:
        raise AssertionError(f"{name} is {current:g}, which is not among the bounds compared")
    table((name, *titles), ((marked(bound, current), *row) for bound, row in found.items()))


def marked(bound: float, current: float) -> str:
    """A bound, and whether it is the one in force."""
    return f"{bound:g}{IN_FORCE if bound == current else ''}"


def spread(logs: Floats) -> tuple[int, float | None, float | None, float | None]:
    """Number, median, median size and 90th percentile of the size of some log ratios."""
    known = logs[~np.isnan(logs)]
    if not known.size:
        return 0, None, None, None
    size = np.abs(known)
    return known.size, float(np.median(known)), float(np.median(size)), _p90(size)


SPREAD = ("number", "median", "median size", "p90 of size")


def _p90(size: Floats) -> float:
    return float(np.quantile(size, 0.9))


def share(found: npt.NDArray[np.bool_]) -> str:
    """The part of some cases that is true."""
    return f"{found.mean():.2%}" if found.size else "–"


def _text(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.3f}"
    return f"{cell:,}" if isinstance(cell, int) else cell
