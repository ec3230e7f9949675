"""The congestion index of each arc-hour, and what follows from it (guide A.3.3 and A.3.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow.contracts.roads_tables import ROADS_CLEAN, ROADS_INDEX
from cityflow_processor.roads.grid import Bools, Floats, Grid, Ints
from cityflow_processor.roads.thresholds import limits, reference_of
from cityflow_processor.tables import conform, instants

GOOD = "good"


@dataclass(frozen=True)
class Network:
    """A day's sound arc-hours as matrices, arcs × hours; NaN where there is no value.

    `tti` is capped; `vkt` in veh·km; `lengths_km` and `speeds_kmh` by arc. `flow` is that of
    arcs whose flow is sound, `occupancy` that of arcs whose occupancy is.
    """

    grid: Grid
    pace: Floats
    tti: Floats
    capped: Bools
    flow: Floats
    occupancy: Floats
    lengths_km: Floats
    speeds_kmh: Floats

    @cached_property
    def vkt(self) -> Floats:
        """Vehicle-kilometres of the hours with an index."""
        vkt: Floats = np.where(np.isnan(self.tti), np.nan, self.flow) * self.lengths_km[:, None]
        return vkt

    @cached_property
    def vht(self) -> Floats:
        """Vehicle-hours at the estimated speed."""
        return self._hours_at(self.tti)

    @cached_property
    def delay_ref(self) -> Floats:
        """Vehicle-hours more than at the reference speed."""
        return self._hours_at(self.tti - 1)

    @cached_property
    def delay_60(self) -> Floats:
        """Vehicle-hours more than at 60 % of the reference speed, never below zero."""
        return self._hours_at(np.maximum(0, self.tti - 1 / limits()["slow_share"]))

    def _hours_at(self, times: Floats) -> Floats:
        hours: Floats = self.vkt / self.speeds_kmh[:, None] * times
        return hours


def network(grid: Grid, statuses: pl.Series, calibration: pl.DataFrame) -> Network:
    """The index of every hour of good arcs that have a free-flow pace."""
    value = limits()
    status = statuses.to_numpy()
    good = status == GOOD
    flow = np.where((good | (status == "flow_only"))[:, None], grid.flow, np.nan)
    occupancy = np.where((good | (status == "occupancy_only"))[:, None], grid.occupancy, np.nan)
    usable = good[:, None] & (grid.flow >= value["pace_veh"]) & (grid.occupancy > 0)
    pace = np.where(usable, grid.occupancy, np.nan) / np.where(usable, grid.flow, 1.0)
    own = grid.arcs.select("arc_id").join(calibration, on="arc_id", how="left")["pace_free"]
    raw = pace / own.fill_null(np.nan).to_numpy()[:, None]
    labels = grid.arcs["label"].to_list()
    return Network(
        grid,
        pace,
        np.clip(raw, 1.0, value["tti_cap"]),
        raw > value["tti_cap"],
        flow,
        occupancy,
        grid.arcs["length_m"].fill_null(np.nan).to_numpy() / 1000,
        np.array([reference_of(label).speed_kmh for label in labels], dtype=np.float64),
    )


def clean_table(network: Network) -> pl.DataFrame:
    """The hours that calibrations use (contract ROADS_CLEAN)."""
    arc, hour = np.nonzero(~np.isnan(network.pace))
    columns = {"flow_veh": network.flow[arc, hour], "pace": network.pace[arc, hour]}
    return conform(_keyed(network.grid, arc, hour, columns), ROADS_CLEAN)


def index_table(network: Network) -> pl.DataFrame:
    """The hours that have an index (contract ROADS_INDEX)."""
    arc, hour = np.nonzero(~np.isnan(network.tti))
    tti = network.tti[arc, hour]
    columns = {
        "hour_of_day": network.grid.starts[hour],
        "flow_veh": network.flow[arc, hour],
        "tti": tti,
        "is_capped": network.capped[arc, hour],
        "speed_est_kmh": network.speeds_kmh[arc] / tti,
        "vkt_veh_km": network.vkt[arc, hour],
        "vht_veh_h": network.vht[arc, hour],
        "delay_ref_veh_h": network.delay_ref[arc, hour],
        "delay_60_veh_h": network.delay_60[arc, hour],
    }
    return conform(_keyed(network.grid, arc, hour, columns), ROADS_INDEX)


def _keyed(
    grid: Grid, arc: Ints, hour: Ints, columns: Mapping[str, npt.NDArray[Any]]
) -> pl.DataFrame:
    keys = {"arc_id": grid.arcs["arc_id"].gather(arc), "hour_end": instants(grid.hours[hour])}
    frame = pl.DataFrame({**keys, **{name: pl.Series(of) for name, of in columns.items()}})
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))
