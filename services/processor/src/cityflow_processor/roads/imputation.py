"""Flow where none was counted, from neighbours or the zone (guide A.3.4): off unless asked for.

Nothing else uses it: neither health nor rankings nor any count.
"""

import math
import statistics
from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from cityflow.contracts.roads import RoadsExpanded
from cityflow.contracts.roads_tables import ROADS_IMPUTED
from cityflow_processor.comptages.tally import share
from cityflow_processor.roads.bottlenecks import Graph
from cityflow_processor.roads.grid import Floats, Grid
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.roads.typical import Typical
from cityflow_processor.tables import conform, instants, schema

METHODS: Final = ("neighbours", "zone")


def imputed(grid: Grid, flow: Floats, usual: Typical) -> pl.DataFrame:
    """The arc-hours that have a typical flow and no sound one (contract ROADS_IMPUTED)."""
    missing = np.isnan(flow) & ~np.isnan(usual.flow)
    ratio = np.where(usual.flow > 0, flow / np.where(usual.flow > 0, usual.flow, 1.0), np.nan)
    by_zone = _zone_ratios(grid, flow, usual)
    beside = _beside(grid)
    rows = []
    for arc, hour in zip(*np.nonzero(missing), strict=True):
        near = [float(ratio[one, hour]) for one in beside[int(arc)]]
        found = next(_chain(near, float(by_zone[arc, hour])), None)
        if found is not None:
            rows.append((int(arc), int(hour), *found, float(found[1] * usual.flow[arc, hour])))
    if not rows:
        return pl.DataFrame(schema=schema(ROADS_IMPUTED))
    arcs, hours, methods, ratios, flows = (list(column) for column in zip(*rows, strict=True))
    columns = {
        "arc_id": grid.arcs["arc_id"].gather(arcs),
        "hour_end": instants(grid.hours[hours]),
        "hour_of_day": pl.Series(grid.starts[hours]),
        "imputed_flow_veh": pl.Series(flows),
        "imputed_from": pl.Series(methods),
        "imputed_ratio": pl.Series(ratios),
    }
    return conform(pl.DataFrame(columns), ROADS_IMPUTED)


def _chain(near: list[float], zone: float) -> Iterator[tuple[str, float]]:
    known = [one for one in near if not math.isnan(one)]
    if len(known) >= limits().whole("impute_neighbours"):
        yield METHODS[0], statistics.median(known)
    if not math.isnan(zone):
        yield METHODS[1], zone


def _beside(grid: Grid) -> list[list[int]]:
    """Of each arc those of the same label that lead to it, or that it leads to."""
    graph, labels = Graph.of(grid.arcs), grid.arcs["label"].to_list()
    found = []
    for arc, label in enumerate(labels):
        near = {*graph.before(arc), *graph.after(arc)} if label is not None else set[int]()
        found.append(sorted(one for one in near if labels[one] == label))
    return found


def _zone_ratios(grid: Grid, flow: Floats, usual: Typical) -> Floats:
    """Σ flow ÷ Σ typical flow of the arrondissement in the hour, for each arc; NaN where none."""
    zones = grid.arcs["arrondissement"].to_list()
    place = {zone: at for at, zone in enumerate(sorted(set(zones)))}
    of_arc = np.array([place[zone] for zone in zones], dtype=np.int64)
    both = ~np.isnan(flow) & ~np.isnan(usual.flow)
    sums = np.zeros((2, len(place), flow.shape[1]))
    for at, values in enumerate((flow, usual.flow)):
        np.add.at(sums[at], of_arc, np.where(both, values, 0.0))
    whole = np.where(sums[1] > 0, sums[1], 1.0)
    ratios: Floats = np.where(sums[1] > 0, sums[0] / whole, np.nan)[of_arc]
    return ratios


def expanded(flow: Floats, table: pl.DataFrame) -> RoadsExpanded:
    """The flow of the day, and what it is with the imputed hours."""
    counted = int(np.nansum(flow))
    added = math.fsum(table["imputed_flow_veh"].to_list())
    hours = int((~np.isnan(flow)).sum())
    return RoadsExpanded(
        observed_flow_veh=counted,
        imputed_flow_veh=added,
        expanded_flow_veh=counted + added,
        observed_hours=hours,
        imputed_hours=table.height,
        imputed_share=share(table.height, hours + table.height),
    )
