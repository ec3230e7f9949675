"""Every format CityFlow can tell from its content, as data: nothing here is decided by a file name.

What is not yet processed is archived all the same: the sources forget, and what was not kept cannot
be fetched again.
"""

from typing import Final

from cityflow.contracts import Dataset
from cityflow.published_names import COMPTAGES_LABELS, COMPTAGES_REQUIRED
from cityflow_ingest.formats import (
    ANY,
    COMPACT_DAY,
    DAY,
    GEOMETRY,
    NUMBER,
    NUMBER_OR_NULL,
    POLYGON,
    STAMP,
    STAMP_OR_DAY,
    TEXT,
    Column,
    Format,
    Kind,
    LookAlike,
)


def _loops(technical: str, kind: Kind) -> Column:
    return Column((technical, COMPTAGES_LABELS[technical]), kind)


_COUNTS: Final = {"iu_ac": TEXT, "t_1h": STAMP, "q": NUMBER_OR_NULL, "k": NUMBER_OR_NULL}
_COUNTER: Final = Column(("id_compteur", "Identifiant du compteur"), TEXT)
_STATION: Final = Column(("stationcode", "Identifiant station"), TEXT)
_TABLE: Final = ("csv", "json")

FORMATS: Final = (
    Format(
        Dataset.COMPTAGES,
        "hourly counts of the road loops, current or historical",
        "table",
        _TABLE,
        tuple(_loops(name, _COUNTS[name]) for name in COMPTAGES_REQUIRED),
        several=True,
    ),
    Format(
        Dataset.REFERENTIEL,
        "lines of the road loops, referentiel-comptages-routiers",
        "table",
        ("csv",),
        (_loops("iu_ac", TEXT), _loops("geo_shape", GEOMETRY), _loops("libelle", ANY)),
        without=frozenset({"t_1h", "date_et_heure_de_comptage", "q", "debit_horaire", "k"}),
    ),
    Format(
        Dataset.ARRONDISSEMENTS,
        "polygons of the arrondissements, a GeoJSON FeatureCollection",
        "features",
        ("geojson",),
        (
            Column(("c_ar",), NUMBER),
            Column(("l_ar", "l_aroff"), TEXT),
            Column(("geometry",), POLYGON),
        ),
        without=frozenset({"c_qu"}),
    ),
    Format(
        Dataset.BIKES,
        "hourly counts of the bike counters, comptage-velo-donnees-compteurs",
        "table",
        _TABLE,
        (
            _COUNTER,
            Column(("sum_counts", "Comptage horaire"), NUMBER_OR_NULL),
            Column(("date", "Date et heure de comptage"), STAMP),
        ),
    ),
    Format(
        Dataset.BIKES,
        "list of the bike counters, comptage-velo-compteurs",
        "table",
        _TABLE,
        (
            _COUNTER,
            Column(("nom_compteur", "Nom du compteur"), TEXT),
            Column(("coordinates", "Coordonnées géographiques"), ANY),
        ),
        without=frozenset({"sum_counts", "comptage_horaire"}),
    ),
    Format(
        Dataset.VELIB,
        "availability by station, velib-disponibilite-en-temps-reel",
        "table",
        _TABLE,
        (
            _STATION,
            Column(("numbikesavailable", "Nombre total vélos disponibles"), NUMBER_OR_NULL),
            Column(("numdocksavailable", "Nombre bornettes libres"), NUMBER_OR_NULL),
            Column(("duedate", "Actualisation de la donnée"), STAMP),
        ),
    ),
    Format(
        Dataset.VELIB,
        "GBFS station_status",
        "stations",
        ("json",),
        (
            Column(("station_id",), TEXT),
            Column(("num_bikes_available",), NUMBER),
            Column(("num_docks_available",), NUMBER),
        ),
    ),
    Format(
        Dataset.VELIB,
        "GBFS station_information",
        "stations",
        ("json",),
        (Column(("station_id",), TEXT), Column(("lat",), NUMBER), Column(("lon",), NUMBER)),
    ),
    Format(
        Dataset.CHANTIERS,
        "road works, chantiers-perturbants",
        "table",
        _TABLE,
        (
            Column(("identifiant",), TEXT),
            Column(("impact_circulation", "Impact sur la circulation")),
            Column(("niveau_perturbation", "Niveau de perturbation"), NUMBER_OR_NULL),
            Column(("date_debut", "Date de début")),
            Column(("date_fin", "Date de fin")),
        ),
    ),
    Format(
        Dataset.TRAFFIC,
        "PRIM disruptions_bulk",
        "disruptions",
        ("json",),
        (Column(("id",), TEXT), Column(("applicationPeriods",), TEXT)),
    ),
    Format(
        Dataset.TRAFFIC,
        "Navitia line_reports",
        "disruptions",
        ("json",),
        (Column(("id",), TEXT), Column(("application_periods",), TEXT)),
    ),
    Format(
        Dataset.TRAFFIC,
        "stops of public transport by line, arrets-lignes",
        "table",
        _TABLE,
        (
            Column(("stop_id",), TEXT),
            Column(("stop_lon",), NUMBER),
            Column(("stop_lat",), NUMBER),
        ),
    ),
    Format(
        Dataset.WEATHER,
        "Open-Meteo, CSV with its preamble",
        "table",
        ("csv",),
        (
            Column(("latitude",), NUMBER),
            Column(("longitude",), NUMBER),
            Column(("utc_offset_seconds",), NUMBER),
            Column(("timezone",), TEXT),
        ),
    ),
    Format(
        Dataset.WEATHER,
        "Open-Meteo, JSON",
        "document",
        ("json",),
        (
            Column(("latitude",), NUMBER),
            Column(("longitude",), NUMBER),
            Column(("utc_offset_seconds",), NUMBER),
            Column(("hourly", "daily"), TEXT),
        ),
    ),
    Format(
        Dataset.WEATHER,
        "Météo-France daily climatology, files Q_",
        "table",
        ("csv",),
        (
            Column(("NUM_POSTE",), TEXT),
            Column(("NOM_USUEL",), TEXT),
            Column(("AAAAMMJJ",), COMPACT_DAY),
            Column(("RR",), NUMBER_OR_NULL),
        ),
    ),
    Format(
        Dataset.CALENDAR,
        "public holidays, calendrier.api.gouv.fr",
        "days",
        ("json",),
        (Column(("holiday",), DAY), Column(("holiday_name",), TEXT)),
    ),
    Format(
        Dataset.CALENDAR,
        "school holidays, fr-en-calendrier-scolaire",
        "table",
        _TABLE,
        (
            Column(("description",), TEXT),
            Column(("start_date", "Date de début"), STAMP_OR_DAY),
            Column(("end_date", "Date de fin"), STAMP_OR_DAY),
            Column(("zones",), TEXT),
            Column(("annee_scolaire",), TEXT),
        ),
    ),
)


def _look_alike(title: str, *columns: str) -> LookAlike:
    """Alternatives of one column are separated by `|`."""
    return LookAlike(title, tuple(frozenset(names.split("|")) for names in columns))


LOOK_ALIKES: Final = (
    _look_alike(
        "counts of all modes by camera (comptage-multimodal-comptages)",
        "identifiant_trajectoire|id_trajectoire|identifiant_de_trajectoire",
        "mode|mode_deplacement|mode_de_deplacement",
    ),
    _look_alike("the bike counts of a data challenge", "counter_id", "bike_count|log_bike_count"),
    _look_alike("all works (chantiers-a-paris)", "num_emprise", "chantier_categorie"),
    _look_alike("road closures (fermetures-voirie)", "type_de_fermeture"),
    _look_alike("quarters, not arrondissements (quartier_paris)", "c_qu", "l_qu"),
    _look_alike("Météo-France hourly climatology", "num_poste", "aaaammjjhh"),
    _look_alike("Météo-France monthly climatology", "num_poste", "aaaamm"),
    _look_alike("Visual Crossing weather", "tempmax|days", "feelslikemax|resolvedaddress"),
    _look_alike("an error message of the source", "error_code|errorcode", "message|error"),
    _look_alike("an error message of the source", "error", "reason"),
)


def formats_of(dataset: Dataset) -> tuple[Format, ...]:
    """The formats of one dataset."""
    return tuple(known for known in FORMATS if known.dataset is dataset)
