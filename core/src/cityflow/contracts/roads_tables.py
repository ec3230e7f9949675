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

ROADS_HOURS = Table(
    "hours",
    ("arc_id", "hour_end"),
    "One row per arc and hour with a sound flow, beside what is typical of it.",
    (
        _ARC,
        Column("hour_end", "instant", "UTC", "End of the hour"),
        Column("hour_of_day", "int", "h", "Local hour at which it starts, 0–23"),
        Column("flow_veh", "int", "veh", "Vehicles counted in the hour"),
        Column("typical_flow_veh", "float", "veh", "Median of alike days", nullable=True),
        Column("spread_veh", "float", "veh", "Spread of these days, from their MAD", nullable=True),
        Column("typical_days", "int", "d", "Days with a sound flow that were looked at"),
        Column("typical_from", "text", "", "Fallback chain: day_type, group or none"),
        Column("deviation", "float", "", "Change ÷ (spread + 1 veh)", nullable=True),
        Column("band", "text", "", "usual, moderate, unusual or exceptional", nullable=True),
        Column("is_anomaly", "int", "", "1 in an hour of the table anomalies"),
    ),
)

ROADS_ARC_DAYS = Table(
    "arc_days",
    ("arc_id",),
    "One row per arc with a sound flow.",
    (
        _ARC,
        *_WHERE[:2],
        Column("flow_veh", "int", "veh", "Vehicles on hours of sound flow"),
        Column("flow_hours", "int", "h", "These hours"),
        Column("expected_hours", "int", "h", "Hours the day should have"),
        Column("adt_veh", "int", "veh/d", "The day's volume, of 20 hours or more", nullable=True),
        Column("compared_hours", "int", "h", "Hours with a typical flow"),
        Column("compared_flow_veh", "int", "veh", "Vehicles of these", nullable=True),
        Column("typical_flow_veh", "float", "veh", "Typical flow of these", nullable=True),
        Column("flow_ratio", "float", "", "Compared ÷ typical flow", nullable=True),
    ),
)

ROADS_ANOMALIES = Table(
    "anomalies",
    ("arc_id", "start"),
    "Two or more hours in a row of exceptional flow, in one direction.",
    (
        _ARC,
        *_WHERE[:2],
        Column("start", "instant", "UTC", "Start of the first hour"),
        Column("end", "instant", "UTC", "End of the last hour"),
        Column("hours", "int", "h", "Hours of the episode"),
        Column("direction", "text", "", "less or more"),
        Column("flow_veh", "int", "veh", "Vehicles counted in these hours"),
        Column("typical_flow_veh", "float", "veh", "Typical flow of these hours"),
        Column("change_veh", "float", "veh", "Counted − typical"),
        Column("change_share", "float", "", "Counted ÷ typical − 1", nullable=True),
        Column("deviation", "float", "", "Largest deviation, in spreads"),
        Column("typical_from", "text", "", "day_type; group if that of any hour is"),
    ),
)

ROADS_BOTTLENECKS = Table(
    "bottlenecks",
    ("rank",),
    "Arcs at which congestion begins: congested while what follows is free.",
    (
        Column("rank", "int", "", "By delay × days active, then hours, then arc_id"),
        _ARC,
        *_WHERE[:2],
        Column("start", "instant", "UTC", "Start of the first hour"),
        Column("end", "instant", "UTC", "End of the last hour"),
        Column("hours", "int", "h", "Hours at the head, gaps left out"),
        Column("extent_arcs", "float", "arcs", "Congested arcs in a row, median of its hours"),
        Column("extent_km", "float", "km", "Their length, median of its hours", nullable=True),
        Column("delay_ref_veh_h", "float", "veh·h", "Delay of these arcs", nullable=True),
        Column("delay_hours", "int", "arc·h", "Arc-hours with an index behind the delay"),
        Column("active_days", "int", "d", "Days with it: this and the 19 working days before"),
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

ROADS_IMPUTED = Table(
    "imputed",
    ("arc_id", "hour_end"),
    "Arc-hours without a sound flow, imputed; there only if imputation is switched on.",
    (
        _ARC,
        Column("hour_end", "instant", "UTC", "End of the hour"),
        Column("hour_of_day", "int", "h", "Local hour at which it starts, 0–23"),
        Column("imputed_flow_veh", "float", "veh", "Typical flow × ratio: an estimate"),
        Column("imputed_from", "text", "", "neighbours or zone: what the ratio is of"),
        Column("imputed_ratio", "float", "", "Their flow ÷ their typical flow"),
    ),
)

YEAR_ARCS = Table(
    "clean",
    ("arc_id",),
    "One row per arc with a sound flow in the month before or a volume in the year.",
    (
        _ARC,
        Column("flow_veh", "int", "veh", "Vehicles on hours of sound flow in the month before"),
        Column("flow_hours", "int", "h", "These hours"),
        Column("madt_veh", "float", "veh/d", "Mean daily volume of that month", nullable=True),
        Column("madt_weekdays", "int", "d", "Weekdays of which all hours are known"),
        Column("months_present", "int", "months", "Of the last 12, with a mean daily volume"),
        Column("aadt_veh", "float", "veh/d", "Annual mean; null below 11 months", nullable=True),
        Column("rhythm", "text", "", "Class of its mean profile of that month"),
        Column("is_reliable", "int", "", "1 if all periods of 365 days are", nullable=True),
    ),
)

YEAR_RELIABILITY = Table(
    "reliability",
    ("arc_id", "window_days", "period"),
    "One row per arc, window and period with ten hours or more that have a congestion index.",
    (
        _ARC,
        Column("window_days", "int", "d", "Days before the month: 28 or 365"),
        Column("period", "text", "", "Weekdays or weekend, and local hours"),
        Column("hours", "int", "h", "Hours with an index"),
        Column("tti_mean", "float", "", "Mean congestion index"),
        Column("tti_p50", "float", "", "Its median"),
        Column("tti_p80", "float", "", "Its 80th percentile"),
        Column("tti_p95", "float", "", "Its 95th percentile"),
        Column("buffer_index", "float", "", "(p95 − mean) ÷ mean"),
        Column("planning_index", "float", "", "p95 ÷ free flow, which is 1"),
        Column("lottr", "float", "", "p80 ÷ p50"),
    ),
)

ROADS_TABLES = (
    ROADS_CLEAN,
    ROADS_HEALTH,
    ROADS_INDEX,
    ROADS_HOURS,
    ROADS_ARC_DAYS,
    ROADS_ANOMALIES,
    ROADS_BOTTLENECKS,
    ROADS_IMPUTED,
)
CALIBRATION_TABLES = (CALIBRATION_CLEAN,)
YEAR_TABLES = (YEAR_ARCS, YEAR_RELIABILITY)
