"""A file of another kind is called what its first bytes say it is, not what its name says."""

import re
from typing import Final

from cityflow.errors import FileRefused

EXPECTED: Final = "CSV or JSON text, plain, gzip or zip"

_SIGNATURES: Final = (
    (b"%PDF-", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"RIFF", "an image, a sound or a film (RIFF)"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (.xls, .doc)"),
    (b"{\\rtf", "a rich text document (.rtf)"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
)
_TEXTS: Final = (
    (re.compile(rb"\s*<(!doctype\s+)?html", re.IGNORECASE), "an HTML page"),
    (re.compile(rb"\s*<\?xml|\s*<[a-z]", re.IGNORECASE), "an XML document"),
    (re.compile(rb"\s*NUM_POSTE\s*: "), "the Météo-France description of fields, not the data"),
)
_MEMBERS: Final = (
    (
        re.compile(r"\[Content_Types\]\.xml|(docProps|xl|word|ppt)/"),
        "an Office document (.xlsx, .docx)",
    ),
    (re.compile(r"mimetype$"), "an OpenDocument or EPUB document (.ods, .odt)"),
    (re.compile(r"META-INF/"), "a Java archive"),
)
_BOM: Final = b"\xef\xbb\xbf"


def refuse_foreign(head: bytes, name: str) -> None:
    """Raise FileRefused if the first bytes are those of a kind that no dataset is published in."""
    for signature, title in _SIGNATURES:
        if head.startswith(signature):
            raise FileRefused(name, title, EXPECTED)
    text = head.removeprefix(_BOM)
    for pattern, title in _TEXTS:
        if pattern.match(text):
            raise FileRefused(name, title, EXPECTED)


def refuse_foreign_member(member: str, name: str) -> None:
    """Raise FileRefused if an archive with such a member is a document of another kind."""
    for pattern, title in _MEMBERS:
        if pattern.match(member):
            raise FileRefused(name, title, EXPECTED)
