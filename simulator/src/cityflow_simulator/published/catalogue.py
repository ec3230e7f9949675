"""The fields of the datasets that a city publishes, in published order, names and labels."""

from cityflow_simulator.published.fields import Field

ROADS_ID = "comptages-routiers-permanents"
LOOPS_ID = "referentiel-comptages-routiers"
BIKES_ID = "comptage-velo-donnees-compteurs"
COUNTERS_ID = "comptage-velo-compteurs"
VELIB_ID = "velib-disponibilite-en-temps-reel"
WORKS_ID = "chantiers-perturbants"
DISTRICTS_ID = "arrondissements"
SCHOOL_ID = "fr-en-calendrier-scolaire"
STOPS_ID = "arrets-lignes"

ROADS = (
    Field("iu_ac", "Identifiant arc"),
    Field("libelle", "Libelle"),
    Field("t_1h", "Date et heure de comptage", "datetime", "fin de la période d'élaboration"),
    Field("q", "Débit horaire", "double", "nombre de véhicules comptés pendant l'heure"),
    Field("k", "Taux d'occupation", "double"),
    Field("etat_trafic", "Etat trafic"),
    Field("iu_nd_amont", "Identifiant noeud amont"),
    Field("libelle_nd_amont", "Libelle noeud amont"),
    Field("iu_nd_aval", "Identifiant noeud aval"),
    Field("libelle_nd_aval", "Libelle noeud aval"),
    Field("etat_barre", "Etat arc"),
    Field("date_debut", "Date debut dispo data", "date"),
    Field("date_fin", "Date fin dispo data", "date"),
    Field("geo_point_2d", "geo_point_2d", "geo_point_2d"),
    Field("geo_shape", "geo_shape", "geo_shape"),
)
LOOPS = (
    Field("iu_ac", "Identifiant arc"),
    Field("date_debut", "Date debut dispo data", "datetime"),
    Field("date_fin", "Date fin dispo data", "datetime"),
    Field("libelle", "Libelle"),
    Field("iu_nd_aval", "Identifiant noeud aval"),
    Field("libelle_nd_aval", "Libelle noeud aval"),
    Field("iu_nd_amont", "Identifiant noeud amont"),
    Field("libelle_nd_amont", "Libelle noeud amont"),
    Field("geo_point_2d", "geo_point_2d", "geo_point_2d"),
    Field("geo_shape", "geo_shape", "geo_shape"),
)
DISTRICTS = (
    Field("n_sq_ar", "Identifiant séquentiel de l'arrondissement", "int"),
    Field("c_ar", "Numéro d’arrondissement", "int"),
    Field("c_arinsee", "Numéro d’arrondissement INSEE", "int"),
    Field("l_ar", "Nom de l’arrondissement"),
    Field("l_aroff", "Nom officiel de l’arrondissement"),
    Field("n_sq_co", "N_SQ_CO", "int"),
    Field("surface", "Surface", "double"),
    Field("perimetre", "Périmètre", "double"),
    Field("geom_x_y", "Geometry X Y", "geo_point_2d"),
    Field("geom", "Geometry", "geo_shape"),
)
TEST_LINK = "test_lien_vers_photos_du_site_de_comptage_"
BIKES = (
    Field("id_compteur", "Identifiant du compteur"),
    Field("nom_compteur", "Nom du compteur"),
    Field("id", "Identifiant du site de comptage"),
    Field("name", "Nom du site de comptage"),
    Field("sum_counts", "Comptage horaire", "int"),
    Field("date", "Date et heure de comptage", "datetime"),
    Field("installation_date", "Date d'installation du site de comptage"),
    Field("url_photos_n1", "Lien vers photo du site de comptage"),
    Field("coordinates", "Coordonnées géographiques", "geo_point_2d"),
    Field("counter", "Identifiant technique compteur"),
    Field("photos", "ID Photos"),
    Field(TEST_LINK, TEST_LINK),
    Field("id_photo_1", "id_photo_1"),
    Field("url_sites", "url_sites"),
    Field("type_dimage", "type_dimage"),
    Field("mois_annee_comptage", "mois_annee_comptage"),
)
COUNTERS = (
    *BIKES[:4],
    Field("channel_id", "channel_id"),
    Field("channel_name", "channel_name"),
    *BIKES[6:15],
)
VELIB = (
    Field("stationcode", "Identifiant station"),
    Field("name", "Nom station"),
    Field("is_installed", "Station en fonctionnement"),
    Field("capacity", "Capacité de la station", "int"),
    Field("numdocksavailable", "Nombre bornettes libres", "int"),
    Field("numbikesavailable", "Nombre total vélos disponibles", "int"),
    Field("mechanical", "Vélos mécaniques disponibles", "int"),
    Field("ebike", "Vélos électriques disponibles", "int"),
    Field("is_renting", "Borne de paiement disponible"),
    Field("is_returning", "Retour vélib possible"),
    Field("duedate", "Actualisation de la donnée", "datetime"),
    Field("coordonnees_geo", "Coordonnées géographiques", "geo_point_2d"),
    Field("nom_arrondissement_communes", "Nom communes équipées"),
    Field("code_insee_commune", "Code INSEE communes équipées"),
)
WORKS = (
    Field("identifiant", "Identifiant"),
    Field("identifiant_ctv", "Identifiant CTV"),
    Field("cp_arrondissement", "Code postal de l'arrondissement"),
    Field("numero_stv", "Numéro de STV"),
    Field("typologie", "Typologie", "int"),
    Field("maitre_ouvrage", "Maitre d'ouvrage"),
    Field("objet", "Objet"),
    Field("description", "Description"),
    Field("voie", "Voie(s)"),
    Field("precision_localisation", "Précisions de localisation"),
    Field("date_debut", "Date de début", "date"),
    Field("date_fin", "Date de fin", "date"),
    Field("impact_circulation", "Impact sur la circulation"),
    Field("impact_circulation_detail", "Détail de l'impact sur la circulation"),
    Field("niveau_perturbation", "Niveau de perturbation", "int"),
    Field("statut", "Statut", "int"),
    Field("url_lettreinfochantier", "URL LettreInfoChantier"),
    Field("geo_shape", "geo_shape", "geo_shape"),
    Field("geo_point_2d", "geo_point_2d", "geo_point_2d"),
)
SCHOOL = (
    Field("description", "Description"),
    Field("population", "Population"),
    Field("start_date", "Date de début", "datetime"),
    Field("end_date", "Date de fin", "datetime"),
    Field("location", "Académies"),
    Field("zones", "Zones"),
    Field("annee_scolaire", "annee_scolaire"),
)
STOPS = (
    Field("id", "route_id"),
    Field("route_long_name", "route_long_name"),
    Field("stop_id", "stop_id"),
    Field("stop_name", "stop_name"),
    Field("stop_lon", "stop_lon"),
    Field("stop_lat", "stop_lat"),
    Field("operatorname", "OperatorName"),
    Field("shortname", "shortName"),
    Field("bookingrules", "bookingRules"),
    Field("mode", "mode"),
    Field("pointgeo", "Pointgeo", "geo_point_2d"),
    Field("nom_commune", "Nom_commune"),
    Field("code_insee", "Code_insee"),
)

KNOWN: dict[str, tuple[Field, ...]] = {
    ROADS_ID: ROADS,
    LOOPS_ID: LOOPS,
    BIKES_ID: BIKES,
    COUNTERS_ID: COUNTERS,
    VELIB_ID: VELIB,
    WORKS_ID: WORKS,
    DISTRICTS_ID: DISTRICTS,
    SCHOOL_ID: SCHOOL,
    STOPS_ID: STOPS,
}
"""The fields of every dataset that can be told by its columns."""
