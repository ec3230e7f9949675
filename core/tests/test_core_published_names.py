import pytest

from cityflow.published_names import (
    COMPTAGES_COLUMNS,
    COMPTAGES_LABELS,
    COMPTAGES_REQUIRED,
    comptages_columns,
    normalise,
)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("Taux d'occupation", "taux_d_occupation"),
        ("TAUX D’OCCUPATION", "taux_d_occupation"),
        ('"Débit horaire"', "debit_horaire"),
        ("De\u0301bit  horaire ", "debit_horaire"),
        ("Identifiant nœud amont", "identifiant_noeud_amont"),
        ("Voie(s)", "voie_s"),
        ("temperature_2m (°C)", "temperature_2m_c"),
        ("\ufeffIU_AC", "iu_ac"),
        ("", ""),
    ],
)
def test_names_are_compared_without_case_accents_quotes_or_spaces(
    published: str, expected: str
) -> None:
    assert normalise(published) == expected


def test_a_technical_name_is_its_own_normal_form() -> None:
    assert all(normalise(technical) == technical for technical in COMPTAGES_LABELS)


def test_labels_technical_and_upper_case_names_are_the_same_columns() -> None:
    technical = tuple(COMPTAGES_LABELS)
    assert comptages_columns(COMPTAGES_LABELS.values()) == technical
    assert comptages_columns(technical) == technical
    assert comptages_columns(name.upper() for name in COMPTAGES_LABELS.values()) == technical
    assert comptages_columns(["Vitesse", "q"]) == (None, "q")


def test_the_required_columns_are_known() -> None:
    assert set(COMPTAGES_REQUIRED) <= set(COMPTAGES_COLUMNS.values())
