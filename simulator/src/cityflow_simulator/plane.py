"""The city stands on a plane in metres around one centre; degrees appear only when written.

Local WGS 84 scale at the centre: within 0.2 % of geodesic lengths over the size of the city.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import cos, radians, sin, sqrt

Point = tuple[float, float]
Degrees = tuple[float, float]

CENTRE_LON = 2.3422
CENTRE_LAT = 48.8566
METRES_PER_LON = 73_385.0
METRES_PER_LAT = 111_207.0
SEMI_X = 6_100.0
SEMI_Y = 4_700.0


def to_degrees(point: Point) -> Degrees:
    """(longitude, latitude) of a point in metres."""
    x, y = point
    return round(CENTRE_LON + x / METRES_PER_LON, 15), round(CENTRE_LAT + y / METRES_PER_LAT, 15)


@lru_cache(maxsize=4096)
def direction(angle: float) -> Point:
    """Unit vector of an angle in degrees, clockwise from north; rounded, alike on every machine."""
    return round(sin(radians(angle)), 12), round(cos(radians(angle)), 12)


def on_ellipse(radius: float, angle: float) -> Point:
    """The point at `radius` (1 is the city limit) in the direction `angle`, in metres."""
    east, north = direction(angle)
    return radius * SEMI_X * east, radius * SEMI_Y * north


def _distance(a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    return sqrt(dx * dx + dy * dy)


def length(line: Sequence[Point]) -> float:
    """Length of a line in metres."""
    return sum(_distance(a, b) for a, b in pairwise(line))


def halfway(line: Sequence[Point]) -> Point:
    """The point half-way along a line."""
    rest = length(line) / 2
    for a, b in pairwise(line):
        step = _distance(a, b)
        if rest <= step and step > 0:
            share = rest / step
            return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
        rest -= step
    return line[-1]


def area(ring: Sequence[Point]) -> float:
    """Signed area of a closed ring in square metres, positive counter-clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def centroid(ring: Sequence[Point]) -> Point:
    """Centre of mass of a closed ring."""
    six_areas = 6 * area(ring)
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairwise(ring))
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairwise(ring))
    return x / six_areas, y / six_areas
