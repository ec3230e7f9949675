"""The reference data in force on a day that a small dataset is measured with."""

from dataclasses import dataclass, field

from cityflow.contracts import Attribution
from cityflow_processor.records.arcs import Arcs
from cityflow_processor.records.districts import Districts
from cityflow_processor.records.module import Module


@dataclass(frozen=True)
class Places:
    """Polygons of the arrondissements and lines of the road arcs."""

    districts: Districts = field(default_factory=Districts)
    arcs: Arcs = field(default_factory=Arcs)

    def used_by(self, module: Module) -> "Places":
        """What a dataset uses of them: nothing else is part of its editions."""
        return Places(
            self.districts if module.uses_districts else Districts(),
            self.arcs if module.uses_arcs else Arcs(),
        )

    @property
    def editions(self) -> tuple[str, ...]:
        """Editions of what is held."""
        return tuple(one for one in (self.districts.edition, self.arcs.edition) if one)

    @property
    def attributions(self) -> tuple[Attribution, ...]:
        """Whom to name for them."""
        return (*self.districts.attributions, *self.arcs.attributions)
