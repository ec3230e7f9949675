"""Twenty invented arrondissements: a spiral of 4, 7 and 9 sectors that covers an ellipse.

Every boundary runs through the same vertices on both of its sides, so the polygons neither
overlap nor leave a gap. Numbers rise clockwise from the centre outwards; names are invented.
"""

import json
from dataclasses import dataclass

from cityflow.contracts.synthetic import SYNTHETIC_MEMBER
from cityflow_simulator.plane import Point, area, centroid, length, on_ellipse, to_degrees
from cityflow_simulator.randomness import stream

SECTORS = (4, 7, 9)
RADII = (0.0, 0.36, 0.68, 1.0)
KNOT_STEP = 30
NAMES = (
    "Moulin-Clair", "Halle-aux-Osiers", "Fontrouge", "Belle-Échauguette", "Grand-Lavoir",
    "Tour-Brisée", "Quatre-Saules", "Vaubrun", "Pré-aux-Merles", "Canteloube", "Porte-Dorne",
    "Hautecombe", "Charmille", "Sablonnière", "Puits-Perdu", "Roche-Noire", "Orme-Sec",
    "Clos-Martel", "Belvédère", "Trois-Vignes",
)  # fmt: skip


@dataclass(frozen=True)
class District:
    """One arrondissement: its number, its invented name, its closed outline in metres."""

    number: int
    name: str
    outline: tuple[Point, ...]


def build_districts(seed: int) -> tuple[District, ...]:
    """The twenty districts of a seed, numbered 1 to 20."""
    circles = [_circle(seed, ring) for ring in range(len(RADII))]
    outlines = [
        _sector(circles[ring], circles[ring + 1], first, last)
        for ring, count in enumerate(SECTORS)
        for first, last in _bounds(seed, ring, count)
    ]
    return tuple(
        District(number, NAMES[number - 1], outline) for number, outline in enumerate(outlines, 1)
    )


def _circle(seed: int, ring: int) -> list[Point]:
    """Radii of one boundary at every whole degree; inner boundaries waver, the limit does not."""
    knots = stream(seed, "district-rings", ring).random(360 // KNOT_STEP)
    waver = 0.0 if ring == len(RADII) - 1 else 0.12
    points = []
    for angle in range(360):
        index, step = divmod(angle, KNOT_STEP)
        before, after = float(knots[index]), float(knots[(index + 1) % len(knots)])
        height = before + (after - before) * step / KNOT_STEP - 0.5
        points.append(on_ellipse(RADII[ring] * (1 + waver * height), angle))
    return points


def _bounds(seed: int, ring: int, count: int) -> list[tuple[int, int]]:
    """Whole-degree limits of the sectors of a ring; the last one ends where the first begins."""
    shifts = stream(seed, "district-sectors", ring).integers(-5, 6, count)
    starts = [i * 360 // count + int(shift) for i, shift in enumerate(shifts)]
    return list(zip(starts, [*starts[1:], starts[0] + 360], strict=True))


def _sector(inner: list[Point], outer: list[Point], first: int, last: int) -> tuple[Point, ...]:
    angles = range(first, last + 1)
    outside = [outer[angle % 360] for angle in angles]
    inside = [inner[angle % 360] for angle in angles]
    if inner[0] == inner[90]:
        inside = inside[:1]
    else:
        inside.reverse()
    clockwise = [*outside, *inside, outside[0]]
    return tuple(reversed(clockwise))


def districts_geojson(districts: tuple[District, ...]) -> str:
    """The published `arrondissements` export of these districts, marked as synthetic."""
    document = {
        "type": "FeatureCollection",
        SYNTHETIC_MEMBER: True,
        "features": [_feature(district) for district in districts],
    }
    return json.dumps(document, separators=(",", ":"))


def _feature(district: District) -> dict[str, object]:
    number = district.number
    lon, lat = to_degrees(centroid(district.outline))
    ring = [to_degrees(point) for point in district.outline]
    return {
        "type": "Feature",
        "geometry": {"coordinates": [ring], "type": "Polygon"},
        "properties": {
            "n_sq_ar": 750_000_000 + number,
            "c_ar": number,
            "c_arinsee": 75_100 + number,
            "l_ar": "1er Ardt" if number == 1 else f"{number}ème Ardt",
            "l_aroff": district.name,
            "n_sq_co": 750_001_537,
            "surface": round(area(district.outline), 8),
            "perimetre": round(length(district.outline), 8),
            "geom_x_y": {"lon": lon, "lat": lat},
        },
    }
