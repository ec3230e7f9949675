"""Columns of the published tables of the bike-share stations."""

from cityflow.contracts.tables import REJECTS, Column, Table

_STATION = Column("station_code", "text", "", "Public code of the station")
_ABOUT = (
    Column("station_name", "text", "", "Name as published", nullable=True),
    Column("capacity", "int", "docks", "Docks it was built with", nullable=True),
    Column("latitude", "float", "°", "WGS 84", nullable=True),
    Column("longitude", "float", "°", "WGS 84", nullable=True),
    Column("commune", "text", "", "Commune as published", nullable=True),
)
_STATE = (
    Column("bikes", "int", "bikes", "Bikes that can be taken", nullable=True),
    Column("mechanical", "int", "bikes", "Of these, without a motor", nullable=True),
    Column("ebikes", "int", "bikes", "Of these, electric", nullable=True),
    Column("docks", "int", "docks", "Free docks", nullable=True),
    Column("is_installed", "int", "", "1 if it stands and works", nullable=True),
    Column("is_renting", "int", "", "1 if bikes can be taken", nullable=True),
    Column("is_returning", "int", "", "1 if bikes can be returned", nullable=True),
)

VELIB_CLEAN = Table(
    "clean",
    ("station_code", "reported_at"),
    "The day's canonical records: one row per station and report. The day is that of the answer.",
    (
        _STATION,
        Column("reported_at", "instant", "UTC", "When the station last reported"),
        *_STATE,
        *_ABOUT,
    ),
)

VELIB_LIST = Table("list", ("station_code",), "GBFS station_information.", (_STATION, *_ABOUT))

VELIB_STATIONS = Table(
    "stations",
    ("station_code",),
    "One row per station: its reports of the day and the last of them.",
    (
        _STATION,
        *_ABOUT,
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("reports", "int", "", "Reports of the day that tell its bikes"),
        Column("last_reported_at", "instant", "UTC", "Its last report"),
        Column("status", "text", "", "live, stale (an hour behind the newest) or closed"),
        *_STATE,
        Column("bikes_mean", "float", "bikes", "Mean of its reports", nullable=True),
        Column("empty_reports", "int", "", "Reports without a bike"),
        Column("full_reports", "int", "", "Reports without a free dock"),
        Column("empty_share", "float", "", "empty_reports ÷ reports", nullable=True),
        Column("full_share", "float", "", "full_reports ÷ reports", nullable=True),
    ),
)

VELIB_ZONES = Table(
    "zones",
    ("arrondissement",),
    "One row per arrondissement with a station: sums of the last reports of live stations.",
    (
        Column("arrondissement", "text", "", "1–20, `outside` or `unknown`"),
        Column("stations", "int", "", "Stations"),
        Column("live", "int", "", "Of these, live"),
        Column("bikes", "int", "bikes", "Bikes at live stations", nullable=True),
        Column("docks", "int", "docks", "Free docks at live stations", nullable=True),
        Column("empty", "int", "", "Live stations without a bike"),
        Column("full", "int", "", "Live stations without a free dock"),
        Column("live_share", "float", "", "live ÷ stations", nullable=True),
        Column("empty_share", "float", "", "empty ÷ live", nullable=True),
        Column("full_share", "float", "", "full ÷ live", nullable=True),
    ),
)

VELIB_TABLES = (VELIB_CLEAN, VELIB_STATIONS, VELIB_ZONES, REJECTS)
