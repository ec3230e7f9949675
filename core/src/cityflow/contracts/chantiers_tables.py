"""Columns of the published tables of the road works."""

from cityflow.contracts.tables import REJECTS, Column, Table

_WORK = Column("work_id", "text", "", "Identifier (identifiant)")
_ABOUT = (
    Column("street", "text", "", "Streets as published (voie)", nullable=True),
    Column("location", "text", "", "Where in the street, as published", nullable=True),
    Column("description", "text", "", "What is done, as published", nullable=True),
    Column("purpose", "text", "", "Kind of work, as published (objet)", nullable=True),
    Column("owner", "text", "", "For whom (maitre_ouvrage)", nullable=True),
    Column("postal_code", "text", "", "Post code as published", nullable=True),
    Column("typology", "int", "", "Typology as published", nullable=True),
)
_DATES = (
    Column("start", "date", "", "First day"),
    Column("end", "date", "", "Last day, included"),
)
_STATE = (
    Column("level", "int", "", "1 disturbing, 2 very disturbing", nullable=True),
    Column("status", "int", "", "1 to 5 as published (statut)", nullable=True),
)
_PLACE = (
    Column("latitude", "float", "°", "WGS 84, as published", nullable=True),
    Column("longitude", "float", "°", "WGS 84, as published", nullable=True),
    Column("geometry", "text", "WGS 84", "GeoJSON polygon, lon/lat", nullable=True),
)

CHANTIERS_CLEAN = Table(
    "clean",
    ("work_id",),
    "The canonical records of the list used: one row per work.",
    (
        _WORK,
        *_DATES,
        Column("published_impact", "text", "", "impact_circulation", nullable=True),
        Column("impact_detail", "text", "", "The same in words", nullable=True),
        *_STATE,
        *_ABOUT,
        *_PLACE,
    ),
)

CHANTIERS_WORKS = Table(
    "works",
    ("work_id",),
    "One row per work of the list, and what it is on the day.",
    (
        _WORK,
        Column("state", "text", "", "announced, active, suspended, finished or ended"),
        Column("is_overdue", "int", "", "1 if it has ended and is said to be under way"),
        *_DATES,
        Column("impact", "text", "", "closed, dead_end, one_way, restricted or unknown"),
        Column("impact_weight", "float", "", "Weight of the impact", nullable=True),
        *_STATE,
        *_ABOUT,
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("area_m2", "float", "m²", "Geodesic area", nullable=True),
        Column("exposed_arcs", "int", "arcs", "Arcs within 40 m if active", nullable=True),
        *_PLACE,
    ),
)

CHANTIERS_ZONES = Table(
    "zones",
    ("arrondissement",),
    "One row per arrondissement with an active work: sums over its active works.",
    (
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("active", "int", "", "Active works"),
        Column("severe", "int", "", "Of these, of level 2"),
        Column("closed", "int", "", "BARRAGE_TOTAL"),
        Column("dead_end", "int", "", "IMPASSE"),
        Column("one_way", "int", "", "SENS_UNIQUE"),
        Column("restricted", "int", "", "RESTREINTE"),
        Column("unknown_impact", "int", "", "Without a known impact"),
        Column("impact_weight", "float", "", "Sum of weights", nullable=True),
        Column("impact_share", "float", "", "With a known impact ÷ active", nullable=True),
        Column("area_m2", "float", "m²", "Sum of geodesic areas", nullable=True),
        Column("geometry_share", "float", "", "With a polygon ÷ active", nullable=True),
        Column("exposed_arcs", "int", "arcs", "Different arcs within 40 m", nullable=True),
    ),
)

CHANTIERS_EXPOSED = Table(
    "exposed_arcs",
    ("work_id", "arc_id"),
    "One row per active work and road arc within 40 m of its polygon.",
    (
        _WORK,
        Column("arc_id", "text", "", "Arc of the referentiel in force"),
        Column("distance_m", "float", "m", "From polygon to line; 0 if they touch"),
        Column("length_m", "float", "m", "Length of the arc"),
        Column("impact", "text", "", "Impact of the work"),
        Column("impact_weight", "float", "", "Its weight", nullable=True),
    ),
)

CHANTIERS_TABLES = (
    CHANTIERS_CLEAN,
    CHANTIERS_WORKS,
    CHANTIERS_ZONES,
    CHANTIERS_EXPOSED,
    REJECTS,
)
