"""Columns of the register: as a CSV file, and as the tables of its editions."""

from typing import Final

from cityflow.contracts.bikes_tables import BIKES_COUNTER_HOURS
from cityflow.contracts.tables import COMPTAGES_ARC_HOURS, Column, Table

REGISTER_CLEAN = Table(
    "clean",
    ("dataset", "start", "range_id"),
    "The confirmed ranges that bear on the day.",
    (
        Column("range_id", "text", "", "Digest of the range"),
        Column("dataset", "text", "", "comptages or bikes"),
        Column("sensor", "text", "", "Arc or counter; null: all", nullable=True),
        Column("measure", "text", "", "flow_veh, occupancy_pct, bikes; null: all", nullable=True),
        Column("start", "instant", "UTC", "First instant"),
        Column("end", "instant", "UTC", "First instant after it; null: open", nullable=True),
        Column("problem", "text", "", "What is wrong"),
        Column("who", "text", "", "Who says so"),
        Column("noted_at", "instant", "UTC", "When"),
    ),
)

REGISTER_ARC_HOURS = Table(
    COMPTAGES_ARC_HOURS.name,
    COMPTAGES_ARC_HOURS.key,
    "The filtered view of this table of the road counts: values in confirmed ranges are null.",
    COMPTAGES_ARC_HOURS.columns,
)

REGISTER_COUNTER_HOURS = Table(
    BIKES_COUNTER_HOURS.name,
    BIKES_COUNTER_HOURS.key,
    "The filtered view of this table of the bikes: counts in confirmed ranges are null.",
    BIKES_COUNTER_HOURS.columns,
)

REGISTER_TABLES: Final = (REGISTER_CLEAN, REGISTER_ARC_HOURS, REGISTER_COUNTER_HOURS)
