"""A document as one line of JSON: canonical, so that the same documents are the same bytes.

What is read may come from anybody: every line is checked before anything believes it.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from cityflow.contracts import Lease, Pointer, Run
from cityflow.contracts.base import DocumentBase
from cityflow.errors import CityFlowError, SourceError
from cityflow.storage import Document, DocumentId, canonical, rules

_LONGEST: Final = rules.DOCUMENT_LIMIT + 8 * 1024
_UNESCAPED: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_CONTRACTS: Final[dict[str, type[DocumentBase]]] = {"pointer": Pointer, "run": Run, "lease": Lease}


def encode(document: Document) -> bytes:
    """The line of a document."""
    id = document.id
    fields = {
        "type": id.type,
        "day": id.day.isoformat(),
        "key": id.key,
        "version": document.version,
        "body": document.body,
    }
    return f"{canonical.dumps(fields)}\n".encode()


def read_documents(path: Path, type: str, day: date) -> Iterator[Document]:
    """Documents of one type and day, by key. Raises SourceError for a line that is not one."""
    before = ""
    with path.open("rb") as stream:
        for number, line in enumerate(_lines(stream), start=1):
            where = f"{path.name} of {type}, line {number}"
            document = _decode(line, where)
            if (document.id.type, document.id.day) != (type, day) or document.id.key <= before:
                raise SourceError(f"{where}: a document of another place")
            before = document.id.key
            yield document


def relative_path(type: str, day: date) -> Path:
    """Where the documents of a type and day stand in the folder: no type leads out of it."""
    segments = [_escaped(segment) for segment in type.split("/")]
    if any(len(segment) > rules.SEGMENT_LIMIT for segment in segments):
        segments = [f"%%{canonical.digest(type)}"]
    return Path("documents", *segments, f"{day}.jsonl")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stream.readline(_LONGEST), b"")


def _decode(line: bytes, where: str) -> Document:
    try:
        fields = canonical.loads(line)
        id = DocumentId(fields["type"], date.fromisoformat(fields["day"]), fields["key"])
        document = Document(id, fields["version"], fields["body"])
        if encode(document) != line or type(document.version) is not int:
            raise ValueError("not written as CityFlow writes it")
        rules.encode_restored(document)
        if contract := _CONTRACTS.get(id.type.partition("/")[0]):
            rules.parse(contract, where, document.body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(f"{where}: not a document ({error})") from error
    except CityFlowError as error:
        raise SourceError(f"{where}: {error}") from error
    return document


def _escaped(segment: str) -> str:
    """Letters no file system takes for others, and no name that means something to one."""
    if not segment:
        return "%"
    return "".join(
        letter if letter in _UNESCAPED else "".join(f"%{byte:02x}" for byte in letter.encode())
        for letter in segment
    )
