"""The tables of `make bench-science`: minimum and median over the seeds."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.science_anomalies import AnomalyScore
from benchmarks.science_bikes import KINDS, BikeScore
from benchmarks.science_health import NAMED, HealthScore


def print_health(scores: Sequence[HealthScore]) -> None:
    """Precision, recall and F1 of each status, the confusion, and what was found of what."""
    print("\nHealth of loops, arc-days: minimum / median over the seeds\n")
    print(f"{'status':<16}{'due':>9}{'found':>9}{'precision':>18}{'recall':>18}{'F1':>18}")
    names = sorted({name for one in scores for name in one.classes})
    for name in names:
        cells = [[one.precision(name) for one in scores], [one.recall(name) for one in scores],
                 [one.f1(name) for one in scores]]  # fmt: skip
        counts = [sum(one.support(name) for one in scores), sum(one.found(name) for one in scores)]
        print(f"{name:<16}" + "".join(f"{count:>9,}" for count in counts)
              + "".join(f"{_spread(each):>18}" for each in cells))  # fmt: skip
    print("\nConfusion, all seeds: rows due, columns found\n")
    confusion = sum((one.confusion for one in scores), Counter[tuple[str, str]]())
    print(f"{'':<16}" + "".join(f"{name[:12]:>13}" for name in names))
    for due in names:
        print(f"{due:<16}" + "".join(f"{confusion[due, name]:>13,}" for name in names))
    print("\nInjected arc-days that have the reason of their kind: due, and not due\n")
    injected = sum((one.injected for one in scores), Counter[tuple[str, bool, bool]]())
    for kind, status in NAMED.items():
        due, other = (
            f"{injected[kind, is_due, True]} of "
            f"{injected[kind, is_due, True] + injected[kind, is_due, False]}"
            for is_due in (True, False)
        )
        print(f"{kind:<14}{status:<14}{due:>16}{other:>16}")


def print_anomalies(of_seeds: Mapping[int, AnomalyScore]) -> None:
    """Precision and recall of episodes and of hours, and recall by cause; both by seed."""
    scores = list(of_seeds.values())
    print("\nAnomalies of the roads, episodes: minimum / median over the seeds\n")
    print(f"{'cause':<10}{'due':>8}{'recall':>18}")
    for cause in sorted({cause for one in scores for cause in one.due}):
        recall = _spread([_share(one.found[cause], one.due[cause]) for one in scores])
        print(f"{cause:<10}{sum(one.due[cause] for one in scores):>8,}{recall:>18}")
    print(f"{'all':<10}{sum(one.due.total() for one in scores):>8,}"
          f"{_spread([one.recall for one in scores]):>18}")  # fmt: skip
    flagged, returns = (
        sum(getattr(one, name) for one in scores) for name in ("flagged", "returns")
    )
    print(f"\nflagged {flagged:,}, of which after a change that lasted {returns:,}")
    print(f"precision {_spread([one.precision for one in scores])}; where these count as wrong "
          f"{_spread([one.strict_precision for one in scores])}")  # fmt: skip
    hours = [one.hours for one in scores]
    recall = _spread([_share(one["found"], one["due"]) for one in hours])
    precision = _spread([_share(one["right"], one["flagged"]) for one in hours])
    print(f"by hour: recall {recall}, precision {precision}")
    print(f"\n{'seed':<10}{'due':>8}{'strikes':>9}{'recall':>9}{'precision':>11}")
    for seed, one in of_seeds.items():
        print(f"{seed:<10}{one.due.total():>8,}{one.due['strike']:>9,}"
              f"{_spread([one.recall]).partition(' ')[0]:>9}"
              f"{_spread([one.precision]).partition(' ')[0]:>11}")  # fmt: skip


def print_bikes(scores: Sequence[BikeScore]) -> None:
    """Recall and precision of each kind of fault."""
    print("\nBike counters, counter-days: minimum / median over the seeds\n")
    print(f"{'injected':<10}{'as':<18}{'due':>6}{'recall':>18}{'flagged':>9}{'precision':>18}")
    for kind, reason in KINDS.items():
        due = sum(one.due[kind] for one in scores)
        flagged = sum(one.flagged[kind] for one in scores)
        recall = _spread([one.recall(kind) for one in scores])
        precision = _spread([one.precision(kind) for one in scores])
        print(f"{kind:<10}{reason:<18}{due:>6,}{recall:>18}{flagged:>9,}{precision:>18}")


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _spread(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{min(known):.3f} / {statistics.median(known):.3f}" if known else "–"
