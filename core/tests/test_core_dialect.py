import pytest

from cityflow.dialect import MAX_HEADER_BYTES, sniff
from cityflow.errors import FileRefused


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_every_dialect_is_read_from_the_header(delimiter: str, newline: str, bom: bytes) -> None:
    header = delimiter.join(["Identifiant arc", "Débit horaire", "k"]) + newline
    head = bom + header.encode() + b"1"
    dialect = sniff(head)
    assert dialect.columns == ("Identifiant arc", "Débit horaire", "k")
    assert (dialect.delimiter, dialect.newline) == (delimiter, newline)
    assert dialect.bom is bool(bom)
    assert head[dialect.header_bytes :] == b"1"


def test_quotes_of_the_header_are_removed_stray_ones_too() -> None:
    assert sniff(b'"iu_ac";"a;b" ; k"\n').columns == ("iu_ac", "a;b", "k")


def test_a_header_without_line_break_is_the_whole_file() -> None:
    dialect = sniff(b"iu_ac;k")
    assert (dialect.header_bytes, dialect.newline) == (7, "\n")


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", "an empty first line"),
        (b"\n1;2\n", "an empty first line"),
        (b"\xef\xbb\xbf\n", "an empty first line"),
        (b"iu_ac:t_1h:q:k\n", "one single column, 'iu_ac:t_1h:q:k'"),
        ("iu_ac;q\n".encode("utf-16"), "UTF-16 text"),
        ("iu_ac;q\n".encode("utf-16-le"), "NUL bytes"),
        (b"iu_ac;\0q\n", "NUL bytes"),
        ("iu_ac;débit\n".encode("latin-1"), "byte 0xe9 at offset 7"),
        (b"iu_ac;q\r1;2\r", "CR alone"),
        (b"x;" * MAX_HEADER_BYTES, "no line break in its first 65536 bytes"),
    ],
)
def test_what_is_no_header_is_refused_with_what_was_found(head: bytes, found: str) -> None:
    with pytest.raises(FileRefused, match=r"one\.csv") as refusal:
        sniff(head, "one.csv")
    assert found in refusal.value.found
