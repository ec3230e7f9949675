"""A row is five ready pieces of bytes joined: arc, stamp, flow, occupancy with state, arc again.

Pieces are made once per city, so writing costs no formatting; the layouts are the published
ones: the CSV export with French labels, and the list of JSON records of the API.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.city import PHANTOM, Arc, City
from cityflow_simulator.feed import Day
from cityflow_simulator.plane import halfway, to_degrees
from cityflow_simulator.traffic import FULL, GRID, MOST_FLOW

Format = Literal["csv", "json"]
Pieces = npt.NDArray[np.object_]
STATUSES = ("Ouvert", "Invalide", "Barré")
STATES = ((15, "Fluide"), (30, "Pré-saturé"), (50, "Saturé"), (101, "Bloqué"))
UNKNOWN = "Inconnu"
HEADER = (
    "Identifiant arc;Libelle;Date et heure de comptage;Débit horaire;Taux d'occupation;"
    "Etat trafic;Identifiant noeud amont;Libelle noeud amont;Identifiant noeud aval;"
    "Libelle noeud aval;Etat arc;Date debut dispo data;Date fin dispo data;geo_point_2d;geo_shape"
)
SLICE = 4_000


@dataclass(frozen=True)
class Layout:
    """One published format: what opens and closes a file, and the pieces of its rows.

    Each row begins with its separator, of which the first row of a file drops `drop` bytes.
    `flow` and `occupancy` start with the piece of a null; `tails` is (statuses, arcs). The
    last arc of `heads` and `tails` is the phantom.
    """

    extension: str
    opening: bytes
    drop: int
    closing: bytes
    heads: Pieces
    flow: Pieces
    occupancy: Pieces
    tails: Pieces

    def render(self, day: Day) -> Iterator[bytes]:
        """The rows of a day, each begun by the separator, in slices of bounded size."""
        stamps = _pieces([stamp.isoformat() for stamp in day.stamps])
        rows = day.rows
        for start in range(0, len(rows), SLICE):
            part = slice(start, start + SLICE)
            pieces = np.empty((len(rows.arc[part]), 5), dtype=np.object_)
            pieces[:, 0] = self.heads[rows.arc[part]]
            pieces[:, 1] = stamps[rows.hour[part]]
            pieces[:, 2] = self.flow[rows.flow[part] + 1]
            pieces[:, 3] = self.occupancy[rows.occupancy[part] + 1]
            pieces[:, 4] = self.tails[rows.status[part], rows.arc[part]]
            yield b"".join(pieces.ravel().tolist())


def build_layout(city: City, form: Format) -> Layout:
    """The pieces of every arc and value of a city in a published format."""
    arcs = [*city.arcs, None]
    flows = [f"{flow}.0" for flow in range(MOST_FLOW + 1)]
    shares = [occupancy_text(step) for step in range(FULL + 1)]
    states = [state_of(step) for step in range(FULL + 1)]
    if form == "csv":
        return Layout(
            "csv", ("\ufeff" + HEADER).encode(), 0, b"\n",
            heads=_pieces([_csv_head(arc) for arc in arcs]),
            flow=_pieces([f";{flow};" for flow in ["", *flows]]),
            occupancy=_pieces([f";{UNKNOWN};", *map("{};{};".format, shares, states)]),
            tails=_table([[_csv_tail(arc, status) for arc in arcs] for status in STATUSES]),
        )  # fmt: skip
    return Layout(
        "json", b"[", 1, b"\n]\n",
        heads=_pieces([_json_head(arc) for arc in arcs]),
        flow=_pieces([f'", "q": {flow}, "k": ' for flow in ["null", *flows]]),
        occupancy=_pieces([_json_occupancy(*pair) for pair in
                           zip(["null", *shares], [UNKNOWN, *states], strict=True)]),
        tails=_table([[_json_tail(arc, status) for arc in arcs] for status in STATUSES]),
    )  # fmt: skip


def occupancy_text(step: int) -> str:
    """A step of 1/1800 % as the feed writes it: five decimals at most, one at least."""
    scaled = (step * 100_000 * 2 + GRID) // (2 * GRID)
    text = f"{scaled // 100_000}.{scaled % 100_000:05d}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def state_of(step: int) -> str:
    """The published state of an occupancy, a function of it alone."""
    return next(name for limit, name in STATES if step < limit * GRID)


def _pieces(texts: list[str]) -> Pieces:
    pieces = np.empty(len(texts), dtype=np.object_)
    pieces[:] = [text.encode() for text in texts]
    return pieces


def _table(texts: list[list[str]]) -> Pieces:
    return np.stack([_pieces(row) for row in texts])


def _csv_head(arc: Arc | None) -> str:
    return f"\n{arc.arc_id};{arc.label};" if arc else f"\n{PHANTOM};{SYNTHETIC_PREFIX}{PHANTOM};"


def _csv_tail(arc: Arc | None, status: str) -> str:
    if arc is None:
        return f";;;;{status};;;;"
    nodes = f"{arc.from_id};{arc.from_label};{arc.to_id};{arc.to_label};{status}"
    if arc.line is None:
        return f"{nodes};;;;"
    lon, lat = to_degrees(halfway(arc.line))
    shape = shape_text(arc).replace('"', '""')
    return f'{nodes};{arc.available_from};{arc.available_to};{lat}, {lon};"{shape}"'


def shape_of(arc: Arc) -> dict[str, object] | None:
    """The GeoJSON geometry of an arc, or None."""
    if arc.line is None:
        return None
    return {"coordinates": [to_degrees(point) for point in arc.line], "type": "LineString"}


def shape_text(arc: Arc) -> str:
    """The GeoJSON geometry of an arc that has one, as the portal writes it."""
    return json.dumps(shape_of(arc))


def _json_head(arc: Arc | None) -> str:
    arc_id, label = (arc.arc_id, arc.label) if arc else (PHANTOM, SYNTHETIC_PREFIX + PHANTOM)
    return f',\n{{"iu_ac": "{arc_id}", "libelle": "{label}", "t_1h": "'


def _json_occupancy(share: str, state: str) -> str:
    return f'{share}, "etat_trafic": "{state}", '


def _json_tail(arc: Arc | None, status: str) -> str:
    bare = arc is None or arc.line is None
    shape = shape_of(arc) if arc else None
    lon, lat = to_degrees(halfway(arc.line)) if arc and arc.line else (None, None)
    tail = {
        "iu_nd_amont": arc.from_id if arc else None,
        "libelle_nd_amont": arc.from_label if arc else None,
        "iu_nd_aval": arc.to_id if arc else None,
        "libelle_nd_aval": arc.to_label if arc else None,
        "etat_barre": status,
        "date_debut": None if bare or arc is None else arc.available_from.isoformat(),
        "date_fin": None if bare or arc is None else arc.available_to.isoformat(),
        "geo_point_2d": None if bare else {"lon": lon, "lat": lat},
        "geo_shape": None if bare else {"type": "Feature", "geometry": shape, "properties": {}},
    }
    return json.dumps(tail, ensure_ascii=False)[1:]
