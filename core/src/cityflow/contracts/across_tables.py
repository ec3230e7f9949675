"""Columns of the tables across datasets."""

from typing import Final

from cityflow.contracts.tables import Column, Table

_ARC = Column("arc_id", "text", "", "Arc identifier")
_WHERE = (
    Column("label", "text", "", "Street label as published", nullable=True),
    Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
)
_WORKS = (
    Column("works_active", "int", "", "Active works; null: no list", nullable=True),
    Column("impact_weight", "float", "", "Sum of the weights of their impacts", nullable=True),
)
_STOPS = (
    Column("disrupted_stops", "int", "stops", "Disrupted; null: not told", nullable=True),
    Column("blocked_stops", "int", "stops", "Of these, blocked", nullable=True),
)
_CONGESTION = (
    Column("tti_area", "float", "", "Congestion index by vehicle-km", nullable=True),
    Column("index_coverage", "float", "", "Hours with an index ÷ expected", nullable=True),
)

ACROSS_CLEAN = Table(
    "clean",
    ("arc_id",),
    "One row per arc known on the day: its volume, days of similar weather, works and stops near.",
    (
        _ARC,
        *_WHERE,
        Column("volume_veh", "int", "veh/d", "Volume of a day of 20 hours or more", nullable=True),
        Column("similar_days", "int", "d", "Similar days with a volume of this arc"),
        Column("similar_veh", "float", "veh/d", "Their median; null: too few", nullable=True),
        Column("like_ratio", "float", "", "volume_veh ÷ similar_veh", nullable=True),
        *_WORKS,
        *_STOPS,
    ),
)

ACROSS_ZONES = Table(
    "zones",
    ("arrondissement",),
    "One row per arrondissement with an arc.",
    (
        _WHERE[1],
        Column("volume_arcs", "int", "arcs", "Arcs with a volume of the day"),
        Column("compared_arcs", "int", "arcs", "Of these, with enough similar days"),
        Column("compared_share", "float", "", "compared_arcs ÷ volume_arcs", nullable=True),
        Column("compared_veh", "int", "veh", "Their volume", nullable=True),
        Column("similar_veh", "float", "veh", "Their medians on similar days", nullable=True),
        Column("like_ratio", "float", "", "compared_veh ÷ similar_veh", nullable=True),
        *_CONGESTION,
        *_WORKS,
        Column("exposed_arcs", "int", "arcs", "Arcs within 40 m of a work", nullable=True),
        *_STOPS,
        Column("disrupted_stop_h", "float", "stop·h", "Their disrupted hours", nullable=True),
    ),
)

ACROSS_WORKS = Table(
    "works",
    ("work_id", "arc_id"),
    "One row per active work that began within 91 days and arc within 40 m: before and during.",
    (
        Column("work_id", "text", "", "Identifier of the work"),
        _ARC,
        *_WHERE,
        Column("start", "date", "", "First day of the work"),
        Column("impact", "text", "", "What it leaves of the traffic"),
        Column("before_days", "int", "d", "Days of the 28 before it that were used"),
        Column("during_days", "int", "d", "Days of the last 28 of it that were used"),
        Column("before_veh", "float", "veh/d", "Median volume before", nullable=True),
        Column("during_veh", "float", "veh/d", "Median volume during", nullable=True),
        Column("work_ratio", "float", "", "during_veh ÷ before_veh", nullable=True),
        Column("control_arcs", "int", "arcs", "Arcs of the zone near no active work"),
        Column("control_ratio", "float", "", "The same ratio of these", nullable=True),
        Column("work_change", "float", "", "work_ratio ÷ control_ratio − 1", nullable=True),
    ),
)

ACROSS_TABLES: Final = (ACROSS_CLEAN, ACROSS_ZONES, ACROSS_WORKS)
