"""Invented street names: French in sound, underscores for blanks, no accents, no double."""

from cityflow_simulator.randomness import stream

HEADS = (
    "Bel", "Chante", "Font", "Gran", "Haute", "Vau", "Roche", "Clair", "Orme", "Sauve", "Pierre",
    "Puy", "Fleur", "Brise", "Cante", "Vigne", "Espe", "Tourne", "Chauve", "Mire",
)  # fmt: skip
TAILS = (
    "bise", "lune", "garde", "sault", "merle", "court", "ronde", "luc", "gris", "brun", "fray",
    "dor", "seul", "jonc", "peyre", "vive", "loup", "mar", "pont", "rive",
)  # fmt: skip
AVENUE_TYPES = ("Av", "Bd", "Bd_de", "Av_de", "Quai", "Cours_de")
STREET_TYPES = ("", "Rue", "Rue_de", "", "Faubourg", "Rue_de_l'Orme_de")


def invent_names(seed: int, count: int) -> list[str]:
    """`count` different proper names, for example `Chantelune`; numbered beyond the first 400."""
    names = [head + tail for head in HEADS for tail in TAILS]
    order = stream(seed, "names").permutation(len(names)).tolist()
    return [
        names[order[index % len(names)]] + _suffix(index // len(names)) for index in range(count)
    ]


def _suffix(turn: int) -> str:
    return f"_{turn + 1}" if turn else ""


def street_label(name: str, index: int, avenue: bool) -> str:
    """The label of a street as the feed writes it, for example `Bd_de_Chantelune`."""
    types = AVENUE_TYPES if avenue else STREET_TYPES
    kind = types[index % len(types)]
    return f"{kind}_{name}" if kind else name
