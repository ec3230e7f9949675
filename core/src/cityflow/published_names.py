"""One column is one column, whatever case, accents, quotes, spaces or labels it is published with.

`Libelle`, `"LIBELLE"` and `libellé` are the same name; `Débit horaire` and `q` are the same column.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from types import MappingProxyType
from typing import Final

_LIGATURES: Final = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})

COMPTAGES_REQUIRED: Final = ("iu_ac", "t_1h", "q", "k")

# Label of the portal (use_labels=true) of each technical name of the interface and the archives.
COMPTAGES_LABELS: Final = MappingProxyType(
    {
        "iu_ac": "Identifiant arc",
        "libelle": "Libelle",
        "t_1h": "Date et heure de comptage",
        "q": "Débit horaire",
        "k": "Taux d'occupation",
        "etat_trafic": "Etat trafic",
        "iu_nd_amont": "Identifiant noeud amont",
        "libelle_nd_amont": "Libelle noeud amont",
        "iu_nd_aval": "Identifiant noeud aval",
        "libelle_nd_aval": "Libelle noeud aval",
        "etat_barre": "Etat arc",
        "date_debut": "Date debut dispo data",
        "date_fin": "Date fin dispo data",
        "geo_point_2d": "geo_point_2d",
        "geo_shape": "geo_shape",
        "dessin": "dessin",
    }
)


@lru_cache(maxsize=1024)  # every record of a file names the same columns
def normalise(name: str) -> str:
    """The name in lower case, without accents, its words joined by `_`: `Taux d'occupation` and
    `TAUX D’OCCUPATION` give `taux_d_occupation`; a technical name is left as it is.
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^0-9a-z]+", "_", letters).strip("_")


COMPTAGES_COLUMNS: Final = MappingProxyType(
    {normalise(name): technical for technical, name in COMPTAGES_LABELS.items()}
    | {technical: technical for technical in COMPTAGES_LABELS}
)
"""Normalised published name (label or technical) → technical name."""


def comptages_columns(columns: Iterable[str]) -> tuple[str | None, ...]:
    """The technical name of each published column, in the same order; None for an unknown one."""
    return tuple(COMPTAGES_COLUMNS.get(normalise(column)) for column in columns)
