"""Volumes of a day and rhythms of a month of the real loops, at other bounds."""

from datetime import date

import numpy as np

from benchmarks.calibration_report import SPREAD, Floats, heading, marked, spread, table
from benchmarks.calibration_roads import Days
from cityflow_processor.roads.thresholds import limits


def print_volumes(held: Days) -> None:
    """Hours that may lack, days that a typical day is taken from, and rhythms."""
    heading("Volume of a day: how much the hours that may lack can hold")
    known = ~np.isnan(held.flow)
    hours = known.sum(axis=1)
    whole = held.flow[hours == held.flow.shape[1]]
    usual = whole.mean(axis=0) / whole.sum(axis=1).mean()
    lacked = np.where(known, 0, usual).sum(axis=1)
    rows = []
    for least in (16, 18, 20, 22, 24):
        lacking = 24 - least
        windows = [whole[:, at : at + lacking].sum(axis=1) for at in range(25 - lacking)]
        most = np.median((np.array(windows) / whole.sum(axis=1)).max(axis=0))
        short = lacked[(hours >= least) & (hours < 24)]
        of_short = [f"{np.quantile(short, at):.1%}" if short.size else None for at in (0.5, 0.9)]
        rows.append((marked(least, limits()["adt_hours"]), int((hours >= least).sum()),
                     int(short.size), *of_short, f"{most:.1%}"))  # fmt: skip
    table(
        ("adt_hours", "arc-days", "not whole", "what lacks, median", "p90", "at worst"),
        rows,
    )
    _print_history(held)
    _print_rhythms(held)


def _print_history(held: Days) -> None:
    """Flow of whole days over the median of the days before, of whatever type."""
    whole = ~np.isnan(held.flow).any(axis=1)
    rows = []
    for length in (7, 14, 28, 56, 91):
        logs = []
        for arc in sorted(set(held.arcs)):
            own = np.flatnonzero(whole & (np.array(held.arcs) == arc))
            days = np.array([held.days[at].toordinal() for at in own])
            flow = held.flow[own].sum(axis=1)
            for at in range(1, own.size):
                past = flow[:at][days[at] - days[:at] <= length]
                if past.size:
                    logs.append(np.log(flow[at] / np.median(past)))
        rows.append((marked(length, limits()["history_days"]), *spread(np.array(logs))))
    table(("history_days", *SPREAD), rows)


def _print_rhythms(held: Days) -> None:
    """What the classes are told by, by month and loop: lowest, median and highest."""
    shares = np.array([one for month in _months(held) if (one := _rhythm(*month)) is not None])
    value = limits()
    names = (
        ("night share", "rhythm_night"),
        ("weekend ÷ Monday to Friday", "rhythm_weekend"),
        ("07 to 10 ÷ midday", "rhythm_peak"),
        ("16 to 20 ÷ midday", "rhythm_peak"),
    )
    table(
        (f"{len(shares)} months of a loop", "bound", "lowest", "median", "highest", "at the bound"),
        [
            (
                name,
                value[bound],
                *(float(np.quantile(column, at)) for at in (0, 0.5, 1)),
                f"{(column >= value[bound]).sum()}",
            )
            for (name, bound), column in zip(names, shares.T, strict=True)
        ],
    )


def _months(held: Days) -> list[tuple[list[date], Floats]]:
    keys = [(arc, day.replace(day=1)) for arc, day in zip(held.arcs, held.days, strict=True)]
    found = []
    for key in sorted(set(keys)):
        rows = [at for at, one in enumerate(keys) if one == key]
        found.append(([held.days[at] for at in rows], held.flow[rows]))
    return found


def _rhythm(days: list[date], flow: Floats) -> Floats | None:
    """Night share, weekend and peaks of a month's mean profile; None if hours lack."""
    free = np.array([day.weekday() >= 5 for day in days])
    known = ~np.isnan(flow)
    if not (known[free].any(axis=0).all() and known[~free].any(axis=0).all()):
        return None
    work, rest, every = (np.nanmean(flow[of], axis=0) for of in (~free, free, free | True))
    midday = work[10:16].mean()
    return np.array(
        [
            every[:4].sum() / every.sum(),
            rest.mean() / work.mean(),
            work[7:10].mean() / midday,
            work[16:20].mean() / midday,
        ]
    )
