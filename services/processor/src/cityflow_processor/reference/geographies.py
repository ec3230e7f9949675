"""The geography in force on each day: days of the same reference editions share it."""

from datetime import date

from cityflow.attribution import attribution_for
from cityflow.storage import Store
from cityflow_processor.comptages.geography import Geography
from cityflow_processor.reference.in_force import References, Version
from cityflow_processor.reference.loops import loops
from cityflow_processor.reference.tables import load
from cityflow_processor.reference.zones import zones


class Geographies:
    """Polygons and loops by day."""

    def __init__(self, store: Store, polygons: References, lines: References) -> None:
        self._store = store
        self._polygons = polygons
        self._lines = lines
        self._built: dict[tuple[str | None, str | None], Geography] = {}

    def of_day(self, day: date) -> Geography:
        """The geography of the day."""
        polygons, lines = self._polygons.in_force(day), self._lines.in_force(day)
        key = polygons.key if polygons else None, lines.key if lines else None
        if key not in self._built:
            self._built[key] = self._build(polygons, lines)
        return self._built[key]

    def _build(self, polygons: Version | None, lines: Version | None) -> Geography:
        return Geography(
            zones_edition=polygons.edition if polygons else None,
            zones=zones(load(self._store, polygons)) if polygons else (),
            referentiel_edition=lines.edition if lines else None,
            referentiel=loops(load(self._store, lines)) if lines else {},
            attributions=tuple(
                attribution_for(dataset, version.synthetic)
                for dataset, version in (("arrondissements", polygons), ("referentiel", lines))
                if version
            ),
        )
