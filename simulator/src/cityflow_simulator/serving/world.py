"""What the stand-ins publish: the datasets of a portal, and a clock."""

from dataclasses import dataclass, field

from cityflow_simulator.published.dataset import Dataset
from cityflow_simulator.serving.clock import Clock


@dataclass
class World:
    """A portal's datasets by identifier, and what the other services answer from."""

    clock: Clock
    datasets: dict[str, Dataset] = field(default_factory=dict)
