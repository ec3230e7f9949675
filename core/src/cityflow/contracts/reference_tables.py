"""Columns of the reference data: one table a version, the clean one."""

from typing import Final

from cityflow.contracts.tables import Column, Table

REFERENTIEL_ARCS: Final = Table(
    "clean",
    ("arc_id",),
    "One row per arc of a version of the loop geometry; nulls where it has no line.",
    (
        Column("arc_id", "text", "", "Arc identifier (iu_ac)"),
        Column(
            "geometry", "text", "WGS 84", "GeoJSON of its different lines, lon/lat", nullable=True
        ),
        Column("length_m", "float", "m", "Geodesic length of these lines (WGS 84)", nullable=True),
        Column("lon", "float", "°", "Longitude of the point that locates it", nullable=True),
        Column("lat", "float", "°", "Latitude of this point", nullable=True),
        Column("arrondissement", "text", "", "That holds this point: 1–20, `outside` or `unknown`"),
    ),
)

ARRONDISSEMENTS_ZONES: Final = Table(
    "clean",
    ("code",),
    "One row per polygon of a version.",
    (
        Column("code", "text", "", "Number of the arrondissement (c_ar), 1–20"),
        Column("label", "text", "", "Its published name"),
        Column("geometry", "text", "WGS 84", "GeoJSON polygon, lon/lat"),
    ),
)
