"""Colours of the page: told apart by colour-blind readers and readable on both backgrounds.

The tests measure it: any two colours of a theme stay ΔE2000 ≥ 15.8 apart under normal, protan,
deutan and tritan vision, and each has a contrast of at least 3 with its background. No meaning
rests on hue alone: the three kinds of absence are also drawn with dashes, dots or grey.
"""

from dataclasses import dataclass
from typing import Final

from cityflow.contracts import State


@dataclass(frozen=True)
class Palette:
    """One theme's colours, as #RRGGBB."""

    background: str
    text: str
    muted: str
    grid: str
    accent: str
    fluid: str
    pre_saturated: str
    saturated: str
    blocked: str
    absent: str

    def of(self, state: State) -> str:
        """The colour of a traffic state; grey where it is unknown."""
        return {
            State.FLUID: self.fluid,
            State.PRE_SATURATED: self.pre_saturated,
            State.SATURATED: self.saturated,
            State.BLOCKED: self.blocked,
            State.UNKNOWN: self.absent,
        }[state]

    @property
    def marks(self) -> tuple[str, ...]:
        """All colours that carry meaning."""
        return (self.fluid, self.pre_saturated, self.saturated, self.blocked, self.absent)


LIGHT: Final = Palette(
    background="#FFFFFF",
    text="#1B2430",
    muted="#5A6675",
    grid="#E3E7EC",
    accent="#0E7580",
    fluid="#2E6FB7",
    pre_saturated="#BF8C0A",
    saturated="#A8350F",
    blocked="#42104F",
    absent="#8E949B",
)
DARK: Final = Palette(
    background="#12161B",
    text="#E8ECF1",
    muted="#A5B0BD",
    grid="#2B333D",
    accent="#4FC0C8",
    fluid="#42A2F2",
    pre_saturated="#F4E6B4",
    saturated="#EE8C24",
    blocked="#C42A5A",
    absent="#828890",
)


def palette(theme: str | None) -> Palette:
    """The palette of a theme: `dark`, or anything else for light."""
    return DARK if theme == "dark" else LIGHT
