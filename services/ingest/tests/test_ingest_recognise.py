from collections.abc import Sequence
from pathlib import Path

import pytest

from cityflow.contracts import Dataset
from cityflow.errors import FileRefused
from cityflow.published_names import COMPTAGES_LABELS
from cityflow_ingest.known import FORMATS, LOOK_ALIKES
from cityflow_ingest.recognise import Recognised, recognise
from cityflow_ingest.sample import HEAD_BYTES, Head

LABELS = ("Identifiant arc", "Libelle", "Date et heure de comptage", "Débit horaire",
          "Taux d'occupation")  # fmt: skip
TECHNICAL = ("iu_ac", "libelle", "t_1h", "q", "k")
VALUES = ("4264", "AV_Champs_Elysees", "2024-12-09T05:00:00+01:00", "199.0", "2.20945")
ARCHIVE = ("iu_ac;libelle;iu_nd_amont;libelle_nd_amont;iu_nd_aval;libelle_nd_aval;t_1h;q;k;"
           "etat_trafic;etat_barre")  # fmt: skip
ARCHIVE_ROW = "1;AV;2;a;3;b;2019-03-05 01:00:00;502.0;2.91;1;3"

REAL = {
    "arrondissements/arrondissements.geojson": ("arrondissements", "geojson"),
    "bikes/comptage-velo-compteurs_2023-07_relabelled.csv": ("bikes", "csv"),
    "bikes/comptage-velo-donnees-compteurs_2021-09-01_1compteur.csv": ("bikes", "csv"),
    "chantiers/chantiers-perturbants_2023-12.csv": ("chantiers", "csv"),
    "comptages/comptages_api-records-technical_2026-06-21T00_100arcs.json": ("comptages", "json"),
    "comptages/comptages_av-champs-elysees_2024-10_2025-11.csv": ("comptages", "csv"),
    "comptages/comptages_convention_2024-10_2025-11.csv": ("comptages", "csv"),
    "comptages-historique/historique_champs_elysees_2019.csv": ("comptages", "csv"),
    "disruptions/navitia_line_reports_2024-04-30_page0.json": ("traffic", "json"),
    "disruptions/navitia_line_reports_since-2024-01-03_captured-2024-05-11.json": (
        "traffic",
        "json",
    ),
    "referentiel/referentiel-comptages-routiers_2022-02.csv": ("referentiel", "csv"),
    "velib/gbfs_station_information_2022-02-23.json": ("velib", "json"),
    "velib/gbfs_station_status_2022-02-23.json": ("velib", "json"),
    "velib/velib-disponibilite-en-temps-reel_2023-12-10.csv": ("velib", "csv"),
    "weather/meteo-france_Q_75_latest-2023-2024_RR-T-Vent.csv": ("weather", "csv"),
    "weather/open-meteo_hourly_48.86N2.34E_2024-01_2025-08.csv": ("weather", "csv"),
}
NO_DATA = {
    "bikes/calibration_hourly-counts_56compteurs_2020-09_2021-08.parquet": "a Parquet file",
    "weather/meteo-france_Q_descriptif_champs_RR-T-Vent.csv": "description of fields",
    "PROVENANCE.md": "one single column",
    "SCHEMAS.md": "one single column",
}


def table(columns: tuple[str, ...], *rows: tuple[str, ...], delimiter: str = ";") -> bytes:
    return "".join(delimiter.join(row) + "\n" for row in (columns, *rows)).encode()


def recognised(data: bytes, wanted: Dataset | None = None) -> Recognised:
    return recognise(Head(data[:HEAD_BYTES], len(data) <= HEAD_BYTES), "some.file", wanted)


def refused(data: bytes, wanted: Dataset | None = None) -> FileRefused:
    with pytest.raises(FileRefused, match=r"^some\.file: found .+; expected .+") as refusal:
        recognised(data, wanted)
    return refusal.value


def test_every_real_file_is_accounted_for(real_data: Path) -> None:
    files = {str(p.relative_to(real_data)) for p in real_data.rglob("*") if p.is_file()}
    assert files == REAL.keys() | NO_DATA.keys()


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_recognised(real_data: Path, name: str) -> None:
    found = recognised((real_data / name).read_bytes())
    assert (found.format.dataset, found.media) == REAL[name]
    assert not found.synthetic


@pytest.mark.parametrize("name", NO_DATA)
def test_real_files_that_are_no_dataset_are_refused(real_data: Path, name: str) -> None:
    assert NO_DATA[name] in refused((real_data / name).read_bytes()).found


@pytest.mark.parametrize(
    "columns",
    [
        LABELS,
        TECHNICAL,
        tuple(name.upper() for name in LABELS),
        tuple(name.upper() for name in TECHNICAL),
        tuple(f'"{name}"' for name in LABELS),
        ("IDENTIFIANT ARC", "libellé", "date et heure de comptage ", "Debit Horaire",
         "Taux d’occupation"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_every_variant_of_the_header_of_road_counts(
    columns: tuple[str, ...], delimiter: str, bom: bytes
) -> None:
    data = bom + table(columns, VALUES, delimiter=delimiter)
    for text in (data, data.replace(b"\n", b"\r\n")):
        assert recognised(text).format.dataset == "comptages"


def test_archives_of_road_counts_with_and_without_dessin() -> None:
    plain = f"{ARCHIVE}\n{ARCHIVE_ROW}\n".encode()
    drawn = f'{ARCHIVE};dessin\n{ARCHIVE_ROW};"{{""type"": ""LineString""}}"\n'.encode()
    assert recognised(plain).format.dataset == recognised(drawn).format.dataset == "comptages"


@pytest.mark.parametrize("absent", range(5))
def test_a_column_that_lacks_is_named(absent: int) -> None:
    keep = [i for i in range(5) if i != absent]
    data = table(tuple(LABELS[i] for i in keep), tuple(VALUES[i] for i in keep))
    if LABELS[absent] == "Libelle":
        assert recognised(data).format.dataset == "comptages"
        return
    assert f"without {TECHNICAL[absent]} ({LABELS[absent]})" in refused(data).found
    assert "q (Débit horaire), k (Taux d'occupation)" in refused(data).expected


def test_a_column_twice_is_refused() -> None:
    doubled = table(("iu_ac", "t_1h", "q", "k", "Q"), (*VALUES[:2], "1", "2", "3"))
    assert refused(doubled).found == "the column q twice"


def test_only_the_dataset_that_is_wanted_is_taken(real_data: Path) -> None:
    bikes = "bikes/comptage-velo-donnees-compteurs_2021-09-01_1compteur.csv"
    data = (real_data / bikes).read_bytes()
    assert recognised(data, Dataset.BIKES).format.dataset == "bikes"
    refusal = refused(data, Dataset.COMPTAGES)
    assert refusal.found.startswith("bikes (hourly counts of the bike counters")
    assert refusal.expected.startswith("comptages (hourly counts of the road loops")


def test_an_unknown_table_says_its_columns() -> None:
    refusal = refused(table(("name", "age"), ("Ada", "36")))
    assert refusal.found == "the columns name, age"
    assert "comptages, referentiel, arrondissements" in refusal.expected
    wide = refused(table(tuple("abcdefghijkl"), tuple("123456789012")))
    assert wide.found == "the columns a, b, c, d, e, f, g, h and 4 more"
    wanted = refused(table(("name", "age"), ("Ada", "36")), Dataset.COMPTAGES)
    assert "iu_ac (Identifiant arc)" in wanted.expected


@pytest.mark.parametrize(
    ("columns", "title"),
    [
        (("Identifiant trajectoire", "Mode", "Label", "Nombre d'usagers"), "multimodal"),
        (("id_trajectoire", "id_site", "label", "t", "mode", "nb_usagers"), "multimodal"),
        (("counter_id", "counter_name", "bike_count", "date"), "data challenge"),
        (("num_emprise", "cp_arrondissement", "chantier_categorie"), "chantiers-a-paris"),
        (("Identifiant interne", "Type de fermeture", "Localisation"), "fermetures-voirie"),
        (("C_QU", "L_QU", "C_AR"), "quartier_paris"),
        (("NUM_POSTE", "NOM_USUEL", "AAAAMMJJHH", "RR1"), "hourly climatology"),
        (("NUM_POSTE", "NOM_USUEL", "AAAAMM", "RR"), "monthly climatology"),
        (("name", "datetime", "tempmax", "feelslikemax"), "Visual Crossing"),
    ],
)
def test_look_alikes_are_refused_by_their_name(columns: tuple[str, ...], title: str) -> None:
    assert title in refused(table(columns, tuple("1" for _ in columns))).found


def test_no_look_alike_hides_a_format() -> None:
    for known in FORMATS:
        keys = frozenset(key for column in known.required for key in column.keys)
        assert not any(look_alike.fits(keys) for look_alike in LOOK_ALIKES)


def test_other_contents_under_the_same_header_are_refused() -> None:
    daily = table(LABELS, ("4264", "AV", "2024-12-09", "199.0", "2.2"))
    assert "in no record their content: first t_1h (Date et heure" in refused(daily).found
    words = table(LABELS, ("4264", "AV", VALUES[2], "many", "2.2"))
    assert "q (Débit horaire) = 'many'" in refused(words).found
    assert "a number or nothing" in refused(words).expected


def test_one_plausible_record_is_enough() -> None:
    empty = ("4264", "AV", VALUES[2], "", "")
    broken = ("", "", "yesterday", "x", "y")
    assert recognised(table(LABELS, broken, empty, broken)).format.dataset == "comptages"


def test_generated_labels_make_a_file_synthetic() -> None:
    generated = (VALUES[0], "SYN_Rue_Inventee", *VALUES[2:])
    assert recognised(table(LABELS, generated)).synthetic
    assert recognised(table(LABELS, VALUES, generated)).synthetic
    assert not recognised(table(LABELS, VALUES)).synthetic


def test_every_label_of_the_portal_is_a_technical_name() -> None:
    assert (
        recognised(
            table(
                tuple(COMPTAGES_LABELS.values()),
                tuple(
                    VALUES[TECHNICAL.index(t)] if t in TECHNICAL else "" for t in COMPTAGES_LABELS
                ),
            )
        ).format.dataset
        == "comptages"
    )


def test_a_referentiel_is_no_road_count_without_counts() -> None:
    columns = ("Identifiant arc", "Libelle", "geo_shape")
    shape = '"{""coordinates"": [[2.2, 48.8]], ""type"": ""LineString""}"'
    assert recognised(table(columns, ("1", "A", shape))).format.dataset == "referentiel"
    with_flow = table((*columns, "Débit horaire"), ("1", "A", shape, "3"))
    assert refused(with_flow).found.endswith(", but also debit_horaire")


STOPS = ("id", "route_long_name", "stop_id", "stop_name", "stop_lon", "stop_lat", "OperatorName",
         "shortName", "bookingRules", "mode", "Pointgeo", "Nom_commune", "Code_insee")  # fmt: skip
STOP = ("IDFM:C01371", "1", "IDFM:22089", "Bastille", "2.369", "48.853", "RATP", "1", "", "Metro",
        "48.853, 2.369", "Paris", "75104")  # fmt: skip


@pytest.mark.parametrize("kept", [range(13), (2, 3, 4, 5)])
def test_the_list_of_stops_is_of_public_transport(kept: Sequence[int]) -> None:
    columns, row = (tuple(one[n] for n in kept) for one in (STOPS, STOP))
    found = recognised(b"\xef\xbb\xbf" + table(columns, row))
    assert (found.format.dataset, found.media) == (Dataset.TRAFFIC, "csv")
    plain = tuple("" if "," in cell else cell for cell in row)
    assert recognised(table(columns, plain, delimiter=",")).format.dataset is Dataset.TRAFFIC
