"""Columns of the tables of the road analysis and its calibrations."""

from cityflow.contracts.tables import Column, Table

_ARC = Column("arc_id", "text", "", "Arc identifier")
_WHERE = (
    Column("label", "text", "", "Street label as published", nullable=True),
    Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
    Column("length_m", "float", "m", "Geodesic length (WGS 84)", nullable=True),
)

ROADS_CLEAN = Table(
    "clean",
    ("arc_id", "hour_end"),
    "Hours of sound arcs that a calibration may use: flow ≥ 30 veh/h, occupancy above 0.",
    (
        _ARC,
        Column("hour_end", "instant", "UTC", "End of the hour"),
        Column("flow_veh", "int", "veh", "Vehicles counted in the hour"),
        Column("pace", "float", "% per veh/h", "Occupancy ÷ flow"),
    ),
)

ROADS_HEALTH = Table(
    "health",
    ("arc_id",),
    "One row per arc with a row today or within a year.",
    (
        _ARC,
        *_WHERE,
        Column("reference_speed_kmh", "float", "km/h", "Speed that the index is turned into"),
        Column("status", "text", "", "Status of the day, the first rule that fits"),
        Column("reasons", "text", "", "All rules that fit, joined by `; `"),
        Column("failure_level", "text", "", "feed, zone, axis, arc; null if sound", nullable=True),
        Column("arc_status", "text", "", "Most frequent published status", nullable=True),
        Column("flow_hours", "int", "h", "Hours with a flow"),
        Column("occupancy_hours", "int", "h", "Hours with an occupancy"),
        Column("expected_hours", "int", "h", "Hours the day should have"),
        Column("flow_veh", "int", "veh", "Vehicles on observed hours", nullable=True),
        Column("typical_flow_veh", "float", "veh", "Median of its sound days", nullable=True),
        Column("flow_lost_veh", "float", "veh", "Typical flow not counted", nullable=True),
        Column("days_down", "int", "d", "Days in a row, with a feed, that it is not sound"),
        Column("last_rows", "date", "", "Last day with a row"),
        Column("last_good", "date", "", "Last sound day", nullable=True),
    ),
)

ROADS_INDEX = Table(
    "index",
    ("arc_id", "hour_end"),
    "One row per arc and hour with a congestion index.",
    (
        _ARC,
        Column("hour_end", "instant", "UTC", "End of the hour"),
        Column("hour_of_day", "int", "h", "Local hour at which it starts, 0–23"),
        Column("flow_veh", "int", "veh", "Vehicles counted in the hour"),
        Column("tti", "float", "", "Congestion index: pace ÷ free-flow pace, 1 to 6"),
        Column("is_capped", "int", "", "1 if it was above 6"),
        Column("speed_est_kmh", "float", "km/h", "Reference speed ÷ index: an estimate"),
        Column("vkt_veh_km", "float", "veh·km", "Flow × length", nullable=True),
        Column("vht_veh_h", "float", "veh·h", "Flow × length ÷ estimated speed", nullable=True),
        Column("delay_ref_veh_h", "float", "veh·h", "Against reference speed", nullable=True),
        Column("delay_60_veh_h", "float", "veh·h", "Against 60 % of it", nullable=True),
    ),
)

CALIBRATION_CLEAN = Table(
    "clean",
    ("arc_id",),
    "One row per arc with an hour in the window.",
    (
        _ARC,
        Column("pace_free", "float", "% per veh/h", "15th percentile of pace", nullable=True),
        Column("window", "text", "", "90_days, 28_days or none"),
        Column("hours", "int", "h", "Hours in 90 days"),
        Column("flow_low_veh", "float", "veh", "10th percentile of flow", nullable=True),
        Column("flow_high_veh", "float", "veh", "99.9th percentile of flow", nullable=True),
    ),
)

ROADS_TABLES = (ROADS_CLEAN, ROADS_HEALTH, ROADS_INDEX)
CALIBRATION_TABLES = (CALIBRATION_CLEAN,)
