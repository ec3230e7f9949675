"""What is wrong with each loop on a day: the rules of the guide, A.3.2, in their order."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from cityflow_processor.roads.grid import Bools, Floats, Grid, longest_run
from cityflow_processor.roads.thresholds import limits, reference_of

SOUND = ("good", "occupancy_only", "flow_only")


def statuses(grid: Grid, calibration: pl.DataFrame, typical_flow: Floats) -> pl.DataFrame:
    """`arc_id`, `status` and `reasons` of each arc that has a row.

    `calibration` is the month's, by arc, `typical_flow` that of each arc-hour, NaN where none is
    known; without them the rules that need an arc's own history fall back to fixed limits, or
    are silent.
    """
    known = grid.arcs.select("arc_id", "label").join(calibration, on="arc_id", how="left")
    rules = list(_rules(grid, known, typical_flow))
    names = [name for name, _ in rules]
    code = sum(fits.astype(np.int64) << at for at, (_, fits) in enumerate(rules))
    # Arcs are thousands, what can be wrong with one a few dozen combinations.
    met, place = np.unique(code, return_inverse=True)
    reasons = [[name for at, name in enumerate(names) if one >> at & 1] for one in met.tolist()]
    of_arc = pl.DataFrame(
        {
            "status": [one[0] if one else "good" for one in reasons],
            "reasons": ["; ".join(one) for one in reasons],
        },
        schema={"status": pl.String, "reasons": pl.String},
    )
    return pl.concat([grid.arcs.select("arc_id"), of_arc[place]], how="horizontal")


def _rules(grid: Grid, known: pl.DataFrame, typical_flow: Floats) -> Iterator[tuple[str, Bools]]:
    value = limits()
    flow, occupancy = grid.flow, grid.occupancy
    has_flow, has_occupancy = ~np.isnan(flow), ~np.isnan(occupancy)
    within = grid.between(value["window_first_hour"], value["window_last_hour"])
    least = value["window_share"] * within.sum()
    enough_flow = _at_least(has_flow[:, within], least)
    enough_occupancy = _at_least(has_occupancy[:, within], least)
    some = _at_least(has_flow | has_occupancy, 1)
    yield "silent", ~some
    yield "insufficient", some & ~enough_flow & ~enough_occupancy
    awake = grid.between(value["zero_first_hour"], value["zero_last_hour"])
    empty = (flow == 0) & (typical_flow > value["zero_busy_veh"])
    odd = longest_run(empty) >= value["zero_busy_hours"]
    yield "stuck_zero", odd | _at_least(flow[:, awake] == 0, value["zero_hours"])
    yield "stuck_on", _stuck_on(grid, known)
    no_flow = (flow == 0) & (occupancy > value["mismatch_pct"])
    no_time = (occupancy == 0) & (flow > value["mismatch_veh"])
    least_hours = value["mismatch_hours"]
    yield "mismatch", _at_least(no_flow, least_hours) | _at_least(no_time, least_hours)
    yield (
        "constant",
        _constant(flow, value["constant_veh"]) | _constant(occupancy, value["constant_pct"]),
    )
    yield "implausible", _at_least(flow > _highest(known)[:, None], 1)
    yield "occupancy_only", some & enough_occupancy & ~enough_flow
    yield "flow_only", some & enough_flow & ~enough_occupancy


def _at_least(found: Bools, hours: float) -> Bools:
    """Whether an arc has so many hours that are true."""
    enough: Bools = np.count_nonzero(found, axis=1) >= hours
    return enough


def _stuck_on(grid: Grid, known: pl.DataFrame) -> Bools:
    value = limits()
    always = longest_run(grid.occupancy >= value["on_pct"]) >= value["on_hours"]
    low = known["flow_low_veh"].fill_null(np.nan).to_numpy()[:, None]
    odd = ((grid.occupancy > value["high_pct"]) & (grid.flow < low)).sum(axis=1)
    hours = (~np.isnan(grid.occupancy)).sum(axis=1)
    found: Bools = always | ((odd > 0) & (odd >= value["high_share"] * hours))
    return found


def _constant(values: Floats, least: float) -> Bools:
    """Whether equal values that are large enough follow each other for too long."""
    same = (values[:, 1:] == values[:, :-1]) & (values[:, 1:] >= least)
    found: Bools = longest_run(same) + 1 >= limits()["constant_hours"]
    return found


def _highest(known: pl.DataFrame) -> Floats:
    """The largest plausible flow of each arc, veh/h."""
    value = limits()
    ring = [reference_of(label).is_ring for label in known["label"].to_list()]
    fixed = np.where(ring, value["implausible_ring_veh"], value["implausible_veh"])
    own = value["implausible_factor"] * known["flow_high_veh"].fill_null(np.nan).to_numpy()
    highest: Floats = np.where(np.isnan(own), fixed, np.maximum(own, value["implausible_least"]))
    return highest
