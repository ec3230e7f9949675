"""A store of its own for a test: files go in as receipts, days come out as they were published."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from cityflow.contracts import Pointer, Run
from cityflow.settings import Settings
from cityflow.storage import Editions, NewRaw, RawZone, Runs, Store, canonical, layout, open_store
from cityflow.storage.paging import all_documents
from cityflow_processor.asked import Asked
from cityflow_processor.datasets import process
from cityflow_processor.result import Result

DATASET = "comptages"
FIRST_RECEIPT = datetime(2026, 6, 21, 22, 35, tzinfo=UTC)
MEMORY = "/dev/shm"  # spares the many examples the flushes to disk


@dataclass
class House:
    """A store in a folder, and what can be done with it."""

    folder: Path
    store: Store
    receipts: int = 0
    dataset: str = DATASET

    def receive(self, content: str | bytes, dataset: str | None = None, **known: Any) -> str:
        """Archive bytes as one receipt, an hour after the one before; returns their digest."""
        data = content.encode() if isinstance(content, str) else content
        meta = {
            "extension": "csv",
            "media": "csv",
            "packing": "plain",
            "synthetic": False,
            "origin": "test.csv",
            "position": 0,
            "received_at": FIRST_RECEIPT + timedelta(hours=self.receipts),
        } | known
        self.receipts += 1
        return (
            RawZone(self.store)
            .archive(io.BytesIO(data), NewRaw(dataset or self.dataset, **meta))
            .sha256
        )

    def receive_file(self, path: Path, dataset: str | None = None, **known: Any) -> str:
        return self.receive(path.read_bytes(), dataset, **known)

    def process(
        self, first: date | None = None, last: date | None = None, chunk_rows: int | None = None
    ) -> Result:
        """Process the days asked for, in this process; `chunk_rows` rows at a time."""
        settings = Settings(output_dir=self.folder)
        if chunk_rows is not None:
            chosen = {"aws_execution_env": "test", "ec2_chunk_size": chunk_rows}
            settings = settings.model_copy(update=chosen)
        return process(self.store, settings, self.dataset, Asked(first, last))

    def counts(self, **asked: Any) -> dict[str, Any]:
        """The counts of a run, as they are printed."""
        counts: dict[str, Any] = self.process(**asked).document()["datasets"][self.dataset]
        return counts

    def pointer(self, day: date) -> Pointer | None:
        return Editions(self.store).current(self.dataset, day)

    def pointers(self) -> dict[date, Pointer]:
        return {one.day: one for one in Editions(self.store).pointers(self.dataset)}

    def editions(self) -> dict[date, str]:
        return {day: one.edition for day, one in self.pointers().items()}

    def edition(self, day: date) -> str:
        pointer = self.pointer(day)
        assert pointer is not None, f"nothing is published of {day}"
        return pointer.edition

    def summary(self, day: date) -> dict[str, Any]:
        document = Editions(self.store).document(self.dataset, day, self.edition(day))
        assert document is not None
        return document

    def table(self, day: date, name: str) -> list[dict[str, Any]]:
        """Rows of a table of the current edition; `clean` and `rejects` too."""
        edition = self.edition(day)
        key = {
            "clean": layout.clean(self.dataset, day, edition),
            "rejects": layout.rejects(self.dataset, day, edition),
        }.get(name, layout.table(self.dataset, day, edition, name))
        return self.rows(key)

    def rows(self, key: str) -> list[dict[str, Any]]:
        return pl.read_parquet(io.BytesIO(self.store.objects.read(key))).to_dicts()

    def rejects(self) -> list[dict[str, Any]]:
        """Every reject there is, of a day or of none."""
        keys = [info.key for info in self.store.objects.list(f"rejects/{self.dataset}/")]
        return [row for key in keys for row in self.rows(key)]

    def runs(self, day: date) -> list[Run]:
        return list(Runs(self.store).query(day, dataset=self.dataset))

    def check(self, day: date, name: str) -> tuple[str, str]:
        """Severity and message of a gate in the day's last run."""
        (found,) = [check for check in self.runs(day)[-1].checks if check.name == name]
        return str(found.severity), found.message

    def objects(self, *prefixes: str) -> dict[str, bytes]:
        """Bytes of the objects under these prefixes."""
        return {
            info.key: self.store.objects.read(info.key)
            for prefix in prefixes
            for info in self.store.objects.list(prefix)
        }

    def published(self) -> dict[str, bytes]:
        """Bytes of all that is published: objects, edition documents, and what is current."""
        everything = self.objects(f"clean/{self.dataset}/", f"metrics/{self.dataset}")
        for document in all_documents(self.store.documents, f"edition/{self.dataset}"):
            key = f"edition {document.id.day} {document.id.key}"
            everything[key] = canonical.dumps(document.body).encode()
        for day, pointer in self.pointers().items():
            current = (pointer.edition, pointer.status, str(pointer.records))
            everything[f"pointer {day}"] = " ".join(current).encode()
        return everything


def open_house(folder: Path, dataset: str = DATASET) -> House:
    folder.mkdir(parents=True, exist_ok=True)
    return House(folder, open_store(Settings(output_dir=folder)), dataset=dataset)


@contextmanager
def a_house(dataset: str = DATASET) -> Iterator[House]:
    """A house in a folder of its own that goes with it: for tests of many examples."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        house = open_house(Path(folder), dataset)
        with house.store:
            yield house


def published_of(
    content: str | bytes, chunk_rows: int | None = None, **known: Any
) -> dict[str, bytes]:
    """All that is published of one file in a house of its own."""
    with a_house() as house:
        house.receive(content, **known)
        house.process(chunk_rows=chunk_rows)
        return house.published()


@dataclass(frozen=True)
class RealRun:
    """The store that the commands filled from the real files, and what the backfill printed."""

    house: House
    counts: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = json.loads(self.out)["datasets"][DATASET]
        return counts


# Files as they are published

LABELS = {
    "iu_ac": "Identifiant arc",
    "libelle": "Libelle",
    "t_1h": "Date et heure de comptage",
    "q": "Débit horaire",
    "k": "Taux d'occupation",
    "etat_trafic": "Etat trafic",
    "iu_nd_amont": "Identifiant noeud amont",
    "libelle_nd_amont": "Libelle noeud amont",
    "iu_nd_aval": "Identifiant noeud aval",
    "libelle_nd_aval": "Libelle noeud aval",
    "etat_barre": "Etat arc",
    "date_debut": "Date debut dispo data",
    "date_fin": "Date fin dispo data",
    "geo_point_2d": "geo_point_2d",
    "geo_shape": "geo_shape",
}
COLUMNS = tuple(LABELS)
SHAPE = (
    '{"coordinates": [[2.3009951475338775, 48.871777042598445], '
    '[2.3024504373782473, 48.871294715355916]], "type": "LineString"}'
)
ROW: dict[str, str | None] = {
    "iu_ac": "4264",
    "libelle": "AV_Champs_Elysees",
    "t_1h": "2025-03-05T05:00:00+01:00",
    "q": "199.0",
    "k": "2.20945",
    "etat_trafic": "Fluide",
    "iu_nd_amont": "2294",
    "libelle_nd_amont": "Av_Champs_Elysees-Washington",
    "iu_nd_aval": "2293",
    "libelle_nd_aval": "Av_Champs_Elysees-Berri",
    "etat_barre": "Invalide",
    "date_debut": "1996-10-10",
    "date_fin": "2023-01-01",
    "geo_point_2d": "48.87153587897718, 2.3017227924560624",
    "geo_shape": SHAPE,
}
STATE_TEXTS = ("Inconnu", "Fluide", "Pré-saturé", "Saturé", "Bloqué")


def state_text(k: str | None) -> str:
    """The state that the city publishes of an occupancy."""
    if not k:
        return STATE_TEXTS[0]
    occupancy = round(float(k.replace(",", ".")), 5)
    return STATE_TEXTS[1 + sum(occupancy >= bound for bound in (15, 30, 50))]


def row(**values: str | None) -> dict[str, str | None]:
    """A row like one of the city's; its state follows its occupancy unless it is given."""
    values.setdefault("etat_trafic", state_text(values.get("k", ROW["k"])))
    return ROW | values


def stamps(day: date, *hours: int) -> list[str]:
    """Naive stamps of the ends of hours that start at these local hours."""
    midnight = datetime.combine(day, datetime.min.time())
    return [str(midnight + timedelta(hours=hour + 1)) for hour in hours]


def text_of(
    rows: Sequence[Mapping[str, str | None]],
    columns: Iterable[str] = COLUMNS,
    names: Mapping[str, str] = LABELS,
    delimiter: str = ";",
    newline: str = "\n",
) -> str:
    """Rows as one CSV text: only what must be quoted is."""
    columns = list(columns)
    lines = [[names.get(column, column) for column in columns]]
    lines += [[one.get(column) or "" for column in columns] for one in rows]
    quoted = [delimiter.join(_cell(text, delimiter) for text in line) for line in lines]
    return newline.join(quoted) + newline


def _cell(text: str, delimiter: str) -> str:
    if any(character in text for character in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def json_of(rows: Sequence[Mapping[str, str | None]]) -> str:
    """Rows as the records of an API answer, saved as a list."""
    return json.dumps([_record(one) for one in rows])


def _record(one: Mapping[str, str | None]) -> dict[str, Any]:
    record: dict[str, Any] = dict(one)
    for name in ("q", "k"):
        text = one.get(name)
        record[name] = None if text is None else float(text)
    if text := one.get("geo_point_2d"):
        lat, lon = text.split(",")
        record["geo_point_2d"] = {"lon": float(lon), "lat": float(lat)}
    if text := one.get("geo_shape"):
        record["geo_shape"] = {"type": "Feature", "geometry": json.loads(text), "properties": {}}
    return record


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
