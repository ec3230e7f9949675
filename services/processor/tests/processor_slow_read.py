"""Published rows read slowly in plain Python, duplicates resolved; shares no code with it.

Values are exact: flows are integers, occupancies integers in 10⁻⁵ %, times UTC datetimes. Ratios
are formed last, by one division.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pyproj import Geod

Row = Mapping[str, str | None]
Key = tuple[str, datetime]

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
WGS84 = Geod(ellps="WGS84")
STATES = ("unknown", "fluid", "pre_saturated", "saturated", "blocked")
STATUSES = ("unknown", "open", "closed", "invalid")
STATE_TEXTS = {"Inconnu": 0, "Fluide": 1, "Pré-saturé": 2, "Saturé": 3, "Bloqué": 4}
STATUS_TEXTS = {"Inconnu": 0, "Ouvert": 1, "Barré": 2, "Invalide": 3}
TECHNICAL = {
    "Identifiant arc": "iu_ac",
    "Libelle": "libelle",
    "Date et heure de comptage": "t_1h",
    "Débit horaire": "q",
    "Taux d'occupation": "k",
    "Etat trafic": "etat_trafic",
    "Identifiant noeud amont": "iu_nd_amont",
    "Libelle noeud amont": "libelle_nd_amont",
    "Identifiant noeud aval": "iu_nd_aval",
    "Libelle noeud aval": "libelle_nd_aval",
    "Etat arc": "etat_barre",
    "Date debut dispo data": "date_debut",
    "Date fin dispo data": "date_fin",
}


def csv_rows(path: Path, delimiter: str = ";") -> list[dict[str, str | None]]:
    """Rows of a published file by technical name; empty cells are None."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [
            {TECHNICAL.get(name, name): text or None for name, text in row.items()}
            for row in csv.DictReader(stream, delimiter=delimiter)
        ]


def json_rows(path: Path) -> list[dict[str, str | None]]:
    """Records of an API answer in the texts of the published file."""
    rows = []
    for record in json.loads(path.read_text(encoding="utf-8")):
        row = {name: None if value is None else str(value) for name, value in record.items()}
        if point := record.get("geo_point_2d"):
            row["geo_point_2d"] = f"{point['lat']}, {point['lon']}"
        if shape := record.get("geo_shape"):
            row["geo_shape"] = json.dumps(shape["geometry"])
        rows.append(row)
    return rows


# Time


def hour_end(text: str) -> datetime | None:
    """The UTC end of the hour that a stamp names; None for a local hour that does not exist."""
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is not None:
        return stamp.astimezone(UTC)
    instant = stamp.replace(tzinfo=PARIS, fold=1).astimezone(UTC)
    return instant if instant.astimezone(PARIS).replace(tzinfo=None) == stamp else None


def service_day(end: datetime) -> date:
    """The Paris day in which the hour lies that ends then."""
    return (end - HOUR).astimezone(PARIS).date()


def day_hours(day: date) -> list[datetime]:
    """Ends of the 23, 24 or 25 hours of a Paris day."""
    at = datetime.combine(day, time(), PARIS).astimezone(UTC)
    stop = datetime.combine(day + timedelta(days=1), time(), PARIS).astimezone(UTC)
    ends = []
    while at < stop:
        at += HOUR
        ends.append(at)
    return ends


# Records


@dataclass(frozen=True)
class Record:
    """One row of one receipt, typed."""

    flow: int | None
    occupancy: int | None
    state: int | None
    status: int
    texts: Row = field(compare=False, hash=False)

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """The larger wins within one file."""
        values = (self.flow is not None) + (self.occupancy is not None)
        decimals = 0
        if self.occupancy is not None:
            exponent = (Decimal(self.occupancy) / 100_000).normalize().as_tuple().exponent
            decimals = max(0, -int(exponent))
        flow = -1 if self.flow is None else self.flow
        return values, decimals, flow, -1 if self.occupancy is None else self.occupancy


def record(row: Row) -> Record:
    """The typed record of a row that keeps the contract."""
    flow, occupancy = row.get("q"), row.get("k")
    return Record(
        None if flow is None else int(Decimal(flow)),
        None if occupancy is None else int((Decimal(occupancy) * 100_000).to_integral_value()),
        _code(row.get("etat_trafic"), STATE_TEXTS, None),
        _code(row.get("etat_barre"), STATUS_TEXTS, 0),
        row,
    )


def _code(text: str | None, names: Mapping[str, int], missing: Any) -> Any:
    if text is None:
        return missing
    return names[text] if text in names else int(text)


@dataclass
class Reading:
    """Rows of a day, whatever became of them."""

    rows: int = 0
    duplicates: int = 0
    conflicts: int = 0
    withdrawn: int = 0


@dataclass
class Read:
    """All receipts, resolved: one record an arc and hour."""

    records: dict[Key, Record]
    by_day: dict[date, Reading]
    rows_in: int
    out_of_range: int


def read(receipts: Sequence[Iterable[Row]]) -> Read:
    """Resolve receipts, given oldest first."""
    held: dict[Key, list[list[Record]]] = defaultdict(lambda: [[] for _ in receipts])
    rows_in = out_of_range = 0
    for number, rows in enumerate(receipts):
        for row in rows:
            rows_in += 1
            end = hour_end(row["t_1h"] or "")
            if end is None:
                assert row.get("q") is None and row.get("k") is None
                out_of_range += 1
                continue
            held[(row["iu_ac"] or "", end)][number].append(record(row))
    records = {}
    by_day: dict[date, Reading] = defaultdict(Reading)
    for key, versions in held.items():
        records[key] = _resolve(versions, by_day[service_day(key[1])])
    return Read(records, dict(by_day), rows_in, out_of_range)


def _resolve(versions: list[list[Record]], reading: Reading) -> Record:
    latest = [rows for rows in versions if rows][-1]
    winner = max(latest, key=lambda one: one.rank)
    everything = [one for rows in versions for one in rows]
    reading.rows += len(everything)
    reading.duplicates += len(everything) - 1
    reading.conflicts += sum(one != winner for one in everything)
    earlier = [one for rows in versions if rows is not latest for one in rows]
    for name in ("flow", "occupancy"):
        had = any(getattr(one, name) is not None for one in earlier)
        reading.withdrawn += had and getattr(winner, name) is None
    return winner
