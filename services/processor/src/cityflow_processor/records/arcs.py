"""The lines of the road arcs in force on a day, and which of them lie near a place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cityflow.contracts import Attribution
from cityflow.geo import LineIndex
from cityflow_processor.comptages.geography import KnownArc


@dataclass(frozen=True)
class Arcs:
    """One edition of the referentiel; without one nothing is near."""

    edition: str | None = None
    known: Mapping[str, KnownArc] = field(default_factory=dict)
    attributions: tuple[Attribution, ...] = ()

    def near(self, place: Mapping[str, Any], distance_m: float) -> list[tuple[str, float, float]]:
        """Arc, distance and length in metres of each arc at most so far from a place."""
        found = self._index.near(place, distance_m)
        return [(arc, away, self.known[arc].length_m) for arc, away in found]

    @cached_property
    def _index(self) -> LineIndex:
        return LineIndex([(arc, json.loads(one.geometry)) for arc, one in self.known.items()])
