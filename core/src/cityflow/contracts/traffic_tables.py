"""Columns of the published tables of public-transport disruptions."""

from cityflow.contracts.tables import REJECTS, Column, Table

_DISRUPTION = Column("disruption_id", "text", "", "Identifier of the message")
_MODE = Column("mode", "text", "", "Mode as published: Bus, Metro, RapidTransit, …")
_SEVERITY = Column("severity", "text", "", "blocking, disrupted or information")
_KIND = (
    _SEVERITY,
    Column("cause", "text", "", "works, incident or other", nullable=False),
    Column("title", "text", "", "Title as published", nullable=True),
)
_SECONDS = (
    Column("disrupted_s", "int", "s", "Blocked or disrupted, on the day"),
    Column("blocked_s", "int", "s", "With a blocking disruption of the line or a section"),
    Column("whole_line_blocked_s", "int", "s", "With one that names the line as a whole"),
    Column("stop_blocked_s", "int", "s", "With a blocking one of a stop only"),
    Column("planned_s", "int", "s", "Blocked or disrupted by works"),
    Column("unplanned_s", "int", "s", "Blocked or disrupted by incidents"),
    Column("information_s", "int", "s", "With a notice"),
    Column("day_s", "int", "s", "Length of the local day, times lines"),
    Column("availability", "float", "", "(day_s − blocked_s) ÷ day_s"),
)

TRAFFIC_CLEAN = Table(
    "clean",
    ("snapshot_at", "feed", "page", "disruption_id"),
    "The canonical records: one row per page of an answer and disruption.",
    (
        Column("snapshot_at", "instant", "UTC", "When the feed made it"),
        Column("feed", "text", "", "prim or navitia"),
        Column("page", "int", "", "Page of a Navitia answer; of PRIM 0"),
        _DISRUPTION,
        Column("updated_at", "instant", "UTC", "Last update of the message", nullable=True),
        *_KIND,
        Column("published_severity", "text", "", "As published", nullable=True),
        Column("priority", "int", "", "Navitia: lower is worse", nullable=True),
        Column("periods", "text", "", "Begin/end in UTC, in order, blanks between"),
        Column("lines", "text", "", "JSON: line, name, mode, network, scope of each line"),
        Column("stops", "text", "", "JSON: stop, name, lon, lat, whether only a section's end"),
        Column("page_items", "int", "", "Line reports on it", nullable=True),
        Column("total_items", "int", "", "Line reports of all pages", nullable=True),
    ),
)

TRAFFIC_LINES = Table(
    "lines",
    ("line_id",),
    "One row per line that the feed named: the union of its periods on the day.",
    (
        Column("line_id", "text", "", "Identifier of the line"),
        Column("line_name", "text", "", "Name as published", nullable=True),
        _MODE,
        Column("network_id", "text", "", "Network as published", nullable=True),
        Column("disruptions", "int", "", "Disruptions with a period on the day"),
        *_SECONDS,
    ),
)

TRAFFIC_MODES = Table(
    "modes",
    ("mode",),
    "One row per mode: sums over its lines; a disruption of two modes counts in both.",
    (
        _MODE,
        Column("lines", "int", "", "Lines"),
        Column("disruptions", "int", "", "Disruptions with a period on the day"),
        *_SECONDS,
    ),
)

TRAFFIC_MOMENTS = Table(
    "moments",
    ("local_time", "mode", "severity"),
    "What was active at 08:30 and 18:00 by the last snapshot before; no row where nothing was.",
    (
        Column("local_time", "text", "", "08:30 or 18:00, Paris time"),
        _MODE,
        _SEVERITY,
        Column("snapshot_at", "instant", "UTC", "Time of that snapshot"),
        Column("disruptions", "int", "", "Active disruptions"),
        Column("lines", "int", "", "Lines they touch"),
    ),
)

_STOP = Column("stop_id", "text", "", "Identifier of the stop, or of the stop area")
_PLACE = (
    Column("stop_name", "text", "", "Name as published", nullable=True),
    Column("longitude", "float", "°", "WGS 84", nullable=True),
    Column("latitude", "float", "°", "WGS 84", nullable=True),
)
_OF_STOP = (
    Column("disrupted_s", "int", "s", "Named by a blocking or disturbing disruption, on the day"),
    Column("blocked_s", "int", "s", "Named by a blocking one"),
)

TRAFFIC_LIST = Table("list", ("stop_id",), "Stops by line, arrets-lignes.", (_STOP, *_PLACE))

TRAFFIC_STOPS = Table(
    "stops",
    ("stop_id",),
    "One row per stop that a disruption of the day names: the union of the periods on the day.",
    (
        _STOP,
        *_PLACE,
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("disruptions", "int", "", "Disruptions of the day that name it"),
        *_OF_STOP,
    ),
)

TRAFFIC_ZONES = Table(
    "zones",
    ("arrondissement",),
    "One row per arrondissement, `outside` and `unknown`: sums over the stops in it.",
    (
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("label", "text", "", "Its published name"),
        Column("stops", "int", "stops", "Stops that a disruption of the day names"),
        Column("disrupted_stops", "int", "stops", "Of these, blocked or disrupted"),
        Column("blocked_stops", "int", "stops", "Of these, by a blocking disruption"),
        Column("disrupted_stop_h", "float", "stop·h", "Stop-hours blocked or disrupted"),
        Column("blocked_stop_h", "float", "stop·h", "Stop-hours with a blocking one"),
    ),
)

TRAFFIC_NEAR_ARCS = Table(
    "near_arcs",
    ("arc_id", "stop_id"),
    "One row per road arc and disrupted stop within 100 m of it.",
    (
        Column("arc_id", "text", "", "Arc of the referentiel in force"),
        _STOP,
        Column("distance_m", "float", "m", "From the stop to the line of the arc"),
        *_OF_STOP,
    ),
)

TRAFFIC_EPISODES = Table(
    "episodes",
    ("disruption_id",),
    "One row per disruption seen: when it was in the feed, and what it did on the day.",
    (
        _DISRUPTION,
        *_KIND,
        Column("episode_id", "text", "", "First disruption of the same title, gaps ≤ 10 min"),
        Column("first_seen_at", "instant", "UTC", "First snapshot that had it, over days"),
        Column("last_seen_at", "instant", "UTC", "Last snapshot that had it so far"),
        Column("gone_by", "instant", "UTC", "First snapshot without it", nullable=True),
        Column("snapshots", "int", "", "Snapshots of the day that had it"),
        Column("updates", "int", "", "Different last updates among them"),
        Column("lines", "int", "", "Lines it touches"),
        Column("active_s", "int", "s", "Union of its periods on the day"),
    ),
)

TRAFFIC_TABLES = (
    TRAFFIC_CLEAN,
    TRAFFIC_LINES,
    TRAFFIC_MODES,
    TRAFFIC_MOMENTS,
    TRAFFIC_STOPS,
    TRAFFIC_ZONES,
    TRAFFIC_NEAR_ARCS,
    TRAFFIC_EPISODES,
    REJECTS,
)
