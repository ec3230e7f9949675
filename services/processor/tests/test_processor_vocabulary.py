"""What blocks of a file share: texts that are judged once, attributes that are kept once."""

import numpy as np
import polars as pl
import pytest

from cityflow_processor.comptages import lookups
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.known_lines import KnownLines
from cityflow_processor.comptages.lookups import Categories
from cityflow_processor.comptages.spelling import Spelling
from cityflow_processor.comptages.validate import Batch, read_batch
from cityflow_processor.reading.numbering import KEY, Numbering

COLUMNS = ("iu_ac", "libelle", "t_1h", "q", "k", "etat_trafic", "etat_barre", "geo_shape")
HEADER = Header(COLUMNS, ";")


def block(*rows: tuple[str, str, int]) -> bytes:
    """One line of each (arc, label, hour)."""
    lines = (
        f"{arc};{label};2025-03-05T{hour:02}:00:00+01:00;1;2.5;Fluide;Ouvert;x\n"
        for arc, label, hour in rows
    )
    return "".join(lines).encode()


def frames(batch: Batch) -> dict[str, pl.DataFrame]:
    held = batch.attributes
    texts = held.texts.with_columns(pl.Series(KEY, held.keys[held.fresh]))
    named = {"arcs": batch.arcs.to_frame(), "keys": pl.DataFrame({KEY: held.keys})}
    return named | ({"attributes": texts} if texts.height else {})


def test_columns_of_one_vocabulary_share_codes_and_judgements() -> None:
    asked: list[str | None] = []

    def length(text: str | None) -> int:
        asked.append(text)
        return len(text or "")

    vocabulary = Categories()
    for texts in (["a", None, "bb", "a"], ["bb", "ccc"], [None], []):
        column = vocabulary.coded(pl.Series(texts, dtype=pl.String).cast(vocabulary.type))
        assert [column.texts[code] for code in column.codes] == texts
        assert column.judge(length).tolist() == [len(text or "") for text in texts]
        names, places = column.names()
        assert [names[place] for place in places] == [text or "" for text in texts]
        assert len(set(names)) == len(names) == len(set(texts))
    assert sorted(asked, key=str) == [None, "a", "bb", "ccc"]


def test_texts_keep_their_codes_when_longer_ones_come() -> None:
    spelling = Spelling()
    met: dict[str, int] = {}
    for texts in (["a", "", "bb", "a"], ["12345678", "123456789", "a"], ["é" * 30, "12345678"]):
        data = ";".join(texts).encode()
        sizes = np.array([len(text.encode()) for text in texts])
        starts = np.cumsum(sizes + 1) - sizes - 1
        parts = [
            spelling.words(data, starts[i : i + 1], sizes[i : i + 1]) for i in range(sizes.size)
        ]
        column = spelling.coded(parts)
        assert [column.texts[code] or "" for code in column.codes] == texts
        for text, code in zip(texts, column.codes.tolist(), strict=True):
            assert met.setdefault(text, code) == code


def test_what_is_no_text_of_a_column_is_refused() -> None:
    spelling = Spelling()
    data = b"\xff" + b"x" * 65
    with pytest.raises(ValueError, match="longer than 64 bytes"):
        spelling.words(data, np.array([1]), np.array([65]))
    with pytest.raises(UnicodeDecodeError):
        spelling.coded([spelling.words(data, np.array([0]), np.array([1]))])


def test_names_are_trimmed_and_told_once() -> None:
    vocabulary = Categories()
    names, places = vocabulary.coded(pl.Series(["b", " a", "a "]).cast(vocabulary.type)).names()
    assert [names[place] for place in places] == ["b", "a", "a"]
    assert sorted(names) == ["a", "b"]


def test_a_full_vocabulary_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST_TEXTS", 3)
    known = KnownLines(HEADER)
    for start in range(0, 12, 4):
        arcs = [str(arc) for arc in range(start, start + 4)]
        batch = read_batch(block(*((arc, "L", 1) for arc in arcs)), HEADER, known)
        assert batch.arcs.to_list() == arcs
        assert batch.rows["arc"].to_list() == [0, 1, 2, 3]


def test_attributes_that_are_kept_are_not_told_again() -> None:
    known = KnownLines(HEADER)
    first = read_batch(block(("1", "A", 1), ("2", "B", 1)), HEADER, known)
    assert first.attributes.texts["libelle"].sort().to_list() == ["A", "B"]
    again = read_batch(block(("1", "A", 2)), HEADER, known)
    assert again.attributes.texts["libelle"].to_list() == ["A"]  # no one has said it is safe
    known.keep(first.attributes.keys)
    later = read_batch(block(("2", "B", 3), ("1", "A2", 3)), HEADER, known)
    assert later.attributes.texts["libelle"].to_list() == ["A2"]
    assert set(later.attributes.keys) - set(first.attributes.keys) == set(
        later.attributes.keys[later.attributes.fresh]
    )


def test_a_file_has_the_attributes_of_all_its_chunks() -> None:
    known, numbering = KnownLines(HEADER), Numbering()
    blocks = [(("1", "A", 1), ("2", "B", 1)), (("2", "B", 2), ("1", "A2", 2)), (("1", "A", 3),)]
    batches = [read_batch(block(*rows), HEADER, known) for rows in blocks[:1]]
    known.keep(batches[0].attributes.keys)
    batches += [read_batch(block(*rows), HEADER, known) for rows in blocks[1:]]
    for number, batch in enumerate(batches):
        numbering.add(number, frames(batch))
    arcs, attributes = numbering.finish()
    for number, (batch, rows) in enumerate(zip(batches, blocks, strict=True)):
        numbered = numbering.renumber(number, batch.rows)
        found = [
            (arcs["iu_ac"][arc], attributes["libelle"][place])
            for arc, place in zip(
                numbered["arc"].tolist(), numbered["attributes"].tolist(), strict=True
            )
        ]
        assert found == [(arc, label) for arc, label, _ in rows]


def test_a_key_without_attributes_is_noticed() -> None:
    known, numbering = KnownLines(HEADER), Numbering()
    known.keep(read_batch(block(("1", "A", 1)), HEADER, known).attributes.keys)
    numbering.add(0, frames(read_batch(block(("1", "A", 2)), HEADER, known)))
    with pytest.raises(KeyError):
        numbering.finish()
