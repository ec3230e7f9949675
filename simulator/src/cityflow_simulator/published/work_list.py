"""Road works as the portal lists them: renewed once a week, as of the Monday before.

One row has an identifier and nothing else; texts hold line breaks, semicolons and quotes.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

import polars as pl

from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.districts import District, build_districts
from cityflow_simulator.plane import Point, centroid, to_degrees
from cityflow_simulator.published.catalogue import WORKS, WORKS_ID
from cityflow_simulator.published.dataset import About, Slice
from cityflow_simulator.published.fields import frame_of
from cityflow_simulator.works import Sites, Work

EMPTY_ROW = "CP003069"
RENEWED = time(4, 30)
OWNERS = ("CPCU", "RATP", "STV", "SNCF", "SAGP", "RTE", "Mission Vélo", "SAP", "ENEDIS",
          "Eau de Paris", "Fraicheur de Paris", "")  # fmt: skip
PURPOSES = (
    "REHABILITATION_IMMEUBLE", "REAMENAGEMENT_VOIRIE", "TRAVAUX_OUVRAGE", "CONSTRUCTION_IMMEUBLE",
    "ENTRETIEN_RESEAU", "CREATION_RESEAUX", "REFECTION_CHAUSSEE", "RACCORDEMENT_RESEAU",
    "INSPECTION_ENTRETIEN_RESEAU", "TRAVAUX_URGENCE", "DEMOLITION_IMMEUBLE",
)  # fmt: skip
DETAILS = (
    "Maintien d'une file de circulation.",
    "Ph1 : maintien 2 files de circulation\nPh2 : mise à sens unique",
    'Circulation basculée; "déviation" par les rues voisines\nde nuit seulement',
    None,
    "Maintien de 3,00m et fermeture du contre-sens bus",
)


class WorkList:
    """The list of works of a city."""

    def __init__(self, sites: Sites) -> None:
        self.about = About(WORKS_ID, "Chantiers perturbants la circulation", WORKS)
        self.sites = sites
        self._districts = build_districts(sites.city.seed)
        self._frame = lru_cache(maxsize=4)(self._render)

    def slices(self, now: datetime) -> Iterator[Slice]:
        """The whole list in one slice."""
        frame = self._frame(self.processed(now).date())
        yield Slice(len(frame), lambda: frame)

    def processed(self, now: datetime) -> datetime:
        """The last Monday morning."""
        monday = now.astimezone(UTC).date() - timedelta(days=now.astimezone(UTC).weekday())
        renewed = datetime.combine(monday, RENEWED, UTC)
        return renewed if renewed <= now else renewed - timedelta(days=7)

    def _render(self, day: date) -> pl.DataFrame:
        works = [work for work in self.sites.around(day) if work.listed(day)]
        columns = [_row(work, day, self._districts) for work in works]
        columns.insert(len(columns) // 2, {"identifiant": EMPTY_ROW})
        names = [field.name for field in WORKS]
        return frame_of(WORKS, {name: [row.get(name) for row in columns] for name in names})


def _row(work: Work, day: date, districts: Sequence[District]) -> dict[str, object]:
    number = work.number
    street = work.arc.label.removeprefix(SYNTHETIC_PREFIX).replace("_", " ")
    lon, lat = to_degrees(centroid(work.outlines[0]))
    district = _district_of(work.outlines[0][0], districts)
    return {
        "identifiant": work.identifier,
        "identifiant_ctv": str(560_000 + number % 300_000) if number % 3 else None,
        "cp_arrondissement": f"750{district:02d}" if district else None,
        "numero_stv": str(9 + number % 6),
        "typologie": 1 + number % 3,
        "maitre_ouvrage": OWNERS[number % len(OWNERS)] or None,
        "objet": PURPOSES[number * 7 % len(PURPOSES)],
        "description": f"{SYNTHETIC_PREFIX}Travaux {street}",
        "voie": f"{SYNTHETIC_PREFIX}{street}",
        "precision_localisation": f"du {number % 90 + 1} au {number % 90 + 7}",
        "date_debut": work.start,
        "date_fin": work.real_end if _prolonged(work, day) else work.end,
        "impact_circulation": work.impact or None,
        "impact_circulation_detail": DETAILS[number % len(DETAILS)],
        "niveau_perturbation": 2 if work.severe else 1,
        "statut": _status(work, day),
        "geo_shape": json.dumps(_geometry(work)),
        "geo_point_2d": {"lon": lon, "lat": lat},
    }


def _prolonged(work: Work, day: date) -> bool:
    """Whether the list already tells the later end: from a fortnight before the first one."""
    return work.real_end > work.end and day >= work.end - timedelta(days=14)


def _status(work: Work, day: date) -> int:
    """1 announced, 2 under way, 3 suspended, 4 prolonged, 5 over."""
    if day < work.start:
        return 1
    if day > work.real_end:
        return 5
    if work.is_suspended(day):
        return 3
    return 4 if _prolonged(work, day) else 2


def _geometry(work: Work) -> dict[str, object]:
    rings = [[to_degrees(point) for point in outline] for outline in work.outlines]
    if len(rings) == 1:
        return {"coordinates": [rings[0]], "type": "Polygon"}
    return {"coordinates": [[ring] for ring in rings], "type": "MultiPolygon"}


def _district_of(point: Point, districts: Sequence[District]) -> int | None:
    return next((one.number for one in districts if _inside(point, one.outline)), None)


def _inside(point: Point, ring: Sequence[Point]) -> bool:
    """Whether a ray from the point crosses the ring an odd number of times."""
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside
