"""Bottlenecks on the graph of nodes: where congestion begins, and how far it reaches (A.3.6)."""

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from cityflow.contracts.roads_tables import ROADS_BOTTLENECKS
from cityflow_processor.roads.grid import Bools, Ints
from cityflow_processor.roads.index import Network
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.tables import schema


@dataclass(frozen=True)
class Graph:
    """The nodes at which arcs begin and end, and the arcs, by their places, at each node."""

    ends: Sequence[tuple[str | None, str | None]]
    starting: Mapping[str | None, Sequence[int]]
    ending: Mapping[str | None, Sequence[int]]

    @classmethod
    def of(cls, arcs: pl.DataFrame) -> "Graph":
        """The graph of a table with `node_from_id` and `node_to_id`."""
        ends = list(arcs.select("node_from_id", "node_to_id").iter_rows())
        starting, ending = (
            defaultdict[str | None, list[int]](list),
            defaultdict[str | None, list[int]](list),
        )
        for at, (start, end) in enumerate(ends):
            starting[start].append(at)
            ending[end].append(at)
        return cls(ends, starting, ending)

    def after(self, arc: int) -> list[int]:
        """Arcs that begin where this one ends; not the way back."""
        start, end = self.ends[arc]
        onward = self.starting.get(end, ()) if end is not None else ()
        return [one for one in onward if one != arc and self.ends[one][1] != start]

    def before(self, arc: int) -> list[int]:
        """Arcs that end where this one begins; not the way back."""
        start, end = self.ends[arc]
        leading = self.ending.get(start, ()) if start is not None else ()
        return [one for one in leading if one != arc and self.ends[one][0] != end]


def heads(roads: Network, graph: Graph) -> Bools:
    """Arc-hours at the head of a bottleneck: congested, what follows free, 2 hours of 3."""
    value = limits()
    busy = roads.occupancy >= value["head_pct"]
    free, known = roads.occupancy < value["free_pct"], ~np.isnan(roads.occupancy)
    found = np.zeros(busy.shape, dtype=np.bool_)
    for arc in np.nonzero(busy.any(axis=1))[0].tolist():
        if onward := graph.after(arc):
            clear = known[onward].any(axis=0) & (free[onward] | ~known[onward]).all(axis=0)
            found[arc] = busy[arc] & clear
    return _sustained(found)


def _sustained(found: Bools) -> Bools:
    """The true hours that lie in a window with enough of them."""
    value = limits()
    width, least = value.whole("head_window"), value.whole("head_hours")
    framed = np.pad(found, ((0, 0), (width - 1, width - 1))).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(framed, width, axis=1).sum(axis=2) >= least
    around = np.lib.stride_tricks.sliding_window_view(windows, width, axis=1).any(axis=2)
    lasting: Bools = found & around
    return lasting


def bottlenecks(roads: Network, active_days: Ints) -> pl.DataFrame:
    """One row a head (contract ROADS_BOTTLENECKS), by delay × days active.

    `active_days` are the earlier days on which each arc was one.
    """
    graph = Graph.of(roads.grid.arcs)
    where = heads(roads, graph)
    rows = [
        _row(roads, graph, arc, np.nonzero(where[arc])[0].tolist(), int(active_days[arc]) + 1)
        for arc in np.nonzero(where.any(axis=1))[0].tolist()
    ]
    rows.sort(key=lambda row: (-row["weight"], -row["hours"], row["arc_id"]))
    ranked = [{**row, "rank": rank} for rank, row in enumerate(rows, 1)]
    for row in ranked:
        del row["weight"]
    return pl.DataFrame(ranked, schema=schema(ROADS_BOTTLENECKS))


def _row(
    roads: Network, graph: Graph, arc: int, hours: Sequence[int], active_days: int
) -> dict[str, Any]:
    queues = [_queue(roads, graph, arc, hour) for hour in hours]
    each = [(one, hour) for queue, hour in zip(queues, hours, strict=True) for one in queue]
    found = [float(roads.delay_ref[at]) for at in each]
    delays = [delay for delay in found if not math.isnan(delay)]
    delay = math.fsum(delays) if delays else None
    lengths = [math.fsum(roads.lengths_km[list(queue)].tolist()) for queue in queues]
    known = [length for length in lengths if not math.isnan(length)]
    place = roads.grid.arcs.row(arc, named=True)
    ends = roads.grid.hours
    return {
        **{name: place[name] for name in ("arc_id", "label", "arrondissement")},
        "start": datetime.fromtimestamp((int(ends[hours[0]]) - 1) * 3600, UTC),
        "end": datetime.fromtimestamp(int(ends[hours[-1]]) * 3600, UTC),
        "hours": len(hours),
        "extent_arcs": float(statistics.median(map(len, queues))),
        "extent_km": float(statistics.median(known)) if known else None,
        "delay_ref_veh_h": delay,
        "delay_hours": len(delays),
        "active_days": active_days,
        "weight": (delay or 0.0) * active_days,
    }


def _queue(roads: Network, graph: Graph, head: int, hour: int) -> tuple[int, ...]:
    """The head and the congested arcs that lead to it without a gap, in order of arc_id."""
    least = limits()["head_pct"]
    queue, edge = {head}, [head]
    while edge:
        for arc in graph.before(edge.pop()):
            if arc not in queue and roads.occupancy[arc, hour] >= least:
                queue.add(arc)
                edge.append(arc)
    return tuple(sorted(queue))
