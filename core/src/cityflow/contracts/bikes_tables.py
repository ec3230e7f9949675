"""Columns of the published tables of the bike counters."""

from cityflow.contracts.tables import REJECTS, Column, Table

_COUNTER = Column("counter_id", "text", "", "Counter identifier (id_compteur)")
_MODE = Column("mode", "text", "", "What is counted; `bike` unless the source says otherwise")
_PLACE = (
    Column("latitude", "float", "°", "WGS 84", nullable=True),
    Column("longitude", "float", "°", "WGS 84", nullable=True),
)
_SITE = (
    Column("counter_name", "text", "", "Name as published", nullable=True),
    Column("site_id", "text", "", "Site the counter belongs to", nullable=True),
    Column("site_name", "text", "", "Name of the site as published", nullable=True),
    Column("installed_on", "date", "", "Day of installation as published", nullable=True),
    *_PLACE,
)
_OBSERVED = (
    Column("bikes", "int", "bikes", "Bikes counted on observed hours", nullable=True),
    Column("hours", "int", "h", "Counter-hours with a count"),
    Column("expected_hours", "int", "h", "Counter-hours the day should have"),
    Column("coverage", "float", "", "hours ÷ expected_hours", nullable=True),
)
_TYPICAL = (
    Column("compared_bikes", "int", "bikes", "Bikes of hours that have a typical", nullable=True),
    Column("typical_bikes", "float", "bikes", "Typical count of the same hours", nullable=True),
    Column("ratio", "float", "", "compared_bikes ÷ typical_bikes", nullable=True),
)

BIKES_CLEAN = Table(
    "clean",
    ("counter_id", "mode", "hour_start"),
    "The day's canonical records: one row per counter, mode and hour.",
    (
        _COUNTER,
        _MODE,
        Column("hour_start", "instant", "UTC", "Start of the hour (date), an assumption"),
        Column("bikes", "int", "bikes", "Bikes counted in the hour (sum_counts)", nullable=True),
        *_SITE,
    ),
)

BIKES_LIST = Table(
    "list",
    ("counter_id",),
    "The list of counters, comptage-velo-compteurs; it completes what the counts do not tell.",
    (_COUNTER, *_SITE),
)

BIKES_COUNTER_HOURS = Table(
    "counter_hours",
    ("counter_id", "mode", "hour_start"),
    "One row per counter, mode and hour received.",
    (
        _COUNTER,
        _MODE,
        Column("hour_start", "instant", "UTC", "Start of the hour"),
        Column("hour_of_day", "int", "h", "Local hour at which it starts, 0–23"),
        Column("bikes", "int", "bikes", "Bikes counted in the hour", nullable=True),
        Column("typical_bikes", "float", "bikes", "Median of like days, same hour", nullable=True),
        Column("deviation", "float", "", "(bikes − median) ÷ (1.4826·MAD + 1)", nullable=True),
        Column(
            "band", "text", "", "usual, moderate, unusual or exceptional deviation", nullable=True
        ),
        Column("is_spike", "int", "", "1 if above three times all that was seen at this hour"),
    ),
)

BIKES_COUNTERS = Table(
    "counters",
    ("counter_id", "mode"),
    "One row per counter known on the day, also of those that sent nothing.",
    (
        _COUNTER,
        _MODE,
        *_SITE,
        Column("direction", "text", "", "Direction, the end of its name (from-to)", nullable=True),
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        *_OBSERVED,
        Column("peak_hour", "int", "h", "Local start hour of the largest count", nullable=True),
        Column("peak_bikes", "int", "bikes", "Count of that hour", nullable=True),
        *_TYPICAL,
        Column("status", "text", "", "First of its reasons, or good"),
        Column("reasons", "text", "", "All findings, joined by `; `"),
        Column("outage_days", "int", "d", "Days in a row without a count, this one included"),
        Column("zero_run_hours", "int", "h", "Longest run of zeros that reaches into the day"),
        Column("zero_tail_hours", "int", "h", "Zeros in a row up to the end of the day"),
        Column("spike_hours", "int", "h", "Hours that are spikes"),
        Column("site_share_7d", "float", "", "Share of its site's bikes, 7 days", nullable=True),
        Column("bikes_365d", "int", "bikes", "Bikes of the 365 days that end here", nullable=True),
        Column("days_365d", "int", "d", "Days of these with a count"),
        Column("bikes_before_365d", "int", "bikes", "The 365 days before those", nullable=True),
        Column("days_before_365d", "int", "d", "Days of those with a count"),
    ),
)

BIKES_SITES = Table(
    "sites",
    ("site_id", "mode"),
    "One row per site: the sum of its counters.",
    (
        Column("site_id", "text", "", "Site"),
        _MODE,
        Column("site_name", "text", "", "Name as published", nullable=True),
        Column("arrondissement", "text", "", "Of its first counter: 1–20, `outside`, `unknown`"),
        Column("counters", "int", "", "Counters of the site"),
        *_OBSERVED,
        *_TYPICAL,
    ),
)

BIKES_DIRECTIONS = Table(
    "directions",
    ("direction", "mode"),
    "One row per direction of travel, from-to in French points of the compass.",
    (
        Column("direction", "text", "", "For example O-E; `unknown` where the name has none"),
        _MODE,
        Column("counters", "int", "", "Counters of this direction"),
        *_OBSERVED,
        *_TYPICAL,
    ),
)

BIKES_ZONES = Table(
    "zones",
    ("arrondissement", "mode"),
    "One row per arrondissement that has a counter.",
    (
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        _MODE,
        Column("counters", "int", "", "Counters of the arrondissement"),
        *_OBSERVED,
        *_TYPICAL,
    ),
)

BIKES_HOURS = Table(
    "hours",
    ("mode", "hour_start"),
    "One row per hour of the day: the sum of all counters.",
    (
        _MODE,
        Column("hour_start", "instant", "UTC", "Start of the hour"),
        Column("hour_of_day", "int", "h", "Local hour at which it starts, 0–23"),
        *_OBSERVED,
        *_TYPICAL,
    ),
)

BIKES_TABLES = (
    BIKES_CLEAN,
    BIKES_COUNTER_HOURS,
    BIKES_COUNTERS,
    BIKES_SITES,
    BIKES_DIRECTIONS,
    BIKES_ZONES,
    BIKES_HOURS,
    REJECTS,
)
