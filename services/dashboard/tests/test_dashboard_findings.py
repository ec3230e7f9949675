import pytest

from cityflow_dashboard.findings_fr import in_french


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("1,234 of 56,789 rows rejected", "1\u202f234 lignes rejetées sur 56\u202f789"),
        (
            "41.3% of the expected hours, median before 44.0%",
            "41,3\u202f% des heures attendues, médiane auparavant 44,0\u202f%",
        ),
        (
            "12 counters count, 14.5 on average before; silent: 100-101, 100-102",
            "12 compteurs comptent, 14,5 en moyenne auparavant ; muets : 100-101, 100-102",
        ),
        (
            "300 arcs count, 310.0 on average before; silent: none",
            "300 arcs comptent, 310,0 en moyenne auparavant ; muet : aucun",
        ),
        (
            "5 records with 4 values; the edition in place is fuller and stands: "
            "9 records with 8 values",
            "5 enregistrements et 4 valeurs ; l’édition en place est plus complète et demeure : "
            "9 enregistrements et 8 valeurs",
        ),
    ],
)
def test_a_message_is_told_piece_by_piece(english: str, french: str) -> None:
    assert in_french(english) == french


def test_what_the_book_lacks_stays_as_it_is() -> None:
    assert in_french("3 of 4 rows rejected, for once") is None
