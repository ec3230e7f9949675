"""Columns of every published table: name, type, unit, meaning; source of the data dictionary."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "int", "float", "instant", "date"]


@dataclass(frozen=True)
class Column:
    """One column: `kind` fixes the Parquet type (int: 64 bit; instant: UTC, microseconds)."""

    name: str
    kind: Kind
    unit: str
    description: str
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table of an edition, sorted by `key`."""

    name: str
    key: tuple[str, ...]
    description: str
    columns: tuple[Column, ...]


COMPTAGES_CLEAN = Table(
    "clean",
    ("arc_id", "hour_end"),
    "The day's canonical records: one row per arc and hour, exact scaled integers.",
    (
        Column("arc_id", "text", "", "Arc identifier (iu_ac)"),
        Column("hour_end", "instant", "UTC", "End of the hour (t_1h)"),
        Column("flow_veh", "int", "veh", "Vehicles counted in the hour (q)", nullable=True),
        Column("occupancy_e5", "int", "10⁻⁵ %", "Occupancy (k), scaled", nullable=True),
        Column("published_state", "text", "", "State as published (etat_trafic)", nullable=True),
        Column("arc_status", "text", "", "open, closed, invalid or unknown (etat_barre)"),
    ),
)

COMPTAGES_ARC_HOURS = Table(
    "arc_hours",
    ("arc_id", "hour_end"),
    "One row per arc and hour received.",
    (
        Column("arc_id", "text", "", "Arc identifier"),
        Column("hour_end", "instant", "UTC", "End of the hour"),
        Column("hour_of_day", "int", "h", "Local hour at which it starts, 0–23"),
        Column("flow_veh", "int", "veh", "Vehicles counted in the hour", nullable=True),
        Column("occupancy_pct", "float", "%", "Share of time the loop is occupied", nullable=True),
        Column("state", "text", "", "State by occupancy; unknown where it is null"),
    ),
)

COMPTAGES_ARCS = Table(
    "arcs",
    ("arc_id",),
    "One row per arc of the day.",
    (
        Column("arc_id", "text", "", "Arc identifier"),
        Column("label", "text", "", "Street label as published", nullable=True),
        Column("node_from_id", "text", "", "Upstream node (iu_nd_amont)", nullable=True),
        Column("node_to_id", "text", "", "Downstream node (iu_nd_aval)", nullable=True),
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("length_m", "float", "m", "Geodesic length (WGS 84)", nullable=True),
        Column("geometry_source", "text", "", "counts, referentiel or none"),
        Column("geometry", "text", "WGS 84", "GeoJSON geometry, lon/lat", nullable=True),
        Column("flow_veh", "int", "veh", "Vehicles on observed hours", nullable=True),
        Column("flow_hours", "int", "h", "Hours with a flow"),
        Column("occupancy_hours", "int", "h", "Hours with an occupancy"),
        Column("expected_hours", "int", "h", "Hours the day should have"),
        Column("flow_coverage", "float", "", "flow_hours ÷ expected_hours"),
        Column("occupancy_coverage", "float", "", "occupancy_hours ÷ expected_hours"),
        Column("occupancy_mean_pct", "float", "%", "Mean of observed hours", nullable=True),
        Column("peak_hour", "int", "h", "Local start hour of the largest flow", nullable=True),
        Column("peak_hour_end", "instant", "UTC", "End of that hour", nullable=True),
        Column("peak_flow_veh", "int", "veh", "Flow of that hour", nullable=True),
        Column("vkt_veh_km", "float", "veh·km", "flow_veh × length", nullable=True),
        Column("saturated_hours", "int", "h", "Hours with occupancy ≥ 30 %"),
        Column("blocked_hours", "int", "h", "Hours with occupancy ≥ 50 %"),
        Column("arc_status", "text", "", "Most frequent published status (Etat arc)"),
        Column("available_from", "date", "", "Date debut dispo data, as published", nullable=True),
        Column("available_to", "date", "", "Date fin dispo data, as published", nullable=True),
    ),
)

COMPTAGES_ALERTS = Table(
    "alerts",
    ("arc_id", "start"),
    "Occupancy ≥ 30 % for two or more consecutive hours.",
    (
        Column("arc_id", "text", "", "Arc identifier"),
        Column("label", "text", "", "Street label as published", nullable=True),
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("start", "instant", "UTC", "Start of the first hour"),
        Column("end", "instant", "UTC", "End of the last hour"),
        Column("hours", "int", "h", "Consecutive hours"),
        Column("peak_occupancy_pct", "float", "%", "Highest hourly occupancy"),
        Column("peak_hour_end", "instant", "UTC", "End of the first peak hour"),
        Column("severity", "text", "", "saturated, or blocked (≥ 50 % for two or more hours)"),
    ),
)

COMPTAGES_HISTORY = Table(
    "history",
    ("arc_id", "day"),
    "The table `arcs` of all days of a completed month, without geometry.",
    (
        COMPTAGES_ARCS.columns[0],
        Column("day", "date", "", "Service day"),
        *(column for column in COMPTAGES_ARCS.columns[1:] if column.name != "geometry"),
    ),
)

REJECTS = Table(
    "rejects",
    ("raw_sha256", "row"),
    "Records that broke their contract, kept as received.",
    (
        Column("raw_sha256", "text", "", "Digest of the raw file"),
        Column("member", "text", "", "File inside an archive; empty otherwise"),
        Column("row", "int", "", "Line it starts at, the header being line 1; in JSON its number"),
        Column("reason", "text", "", "Why, a stable code"),
        Column("detail", "text", "", "What was found, in words"),
        Column("raw_text", "text", "", "The record as received, at most 4,096 characters"),
    ),
)

COMPTAGES_TABLES = (
    COMPTAGES_CLEAN,
    COMPTAGES_ARC_HOURS,
    COMPTAGES_ARCS,
    COMPTAGES_ALERTS,
    COMPTAGES_HISTORY,
    REJECTS,
)
