"""What a road-loop record is made of, and the codes its texts are held as."""

from typing import Final

ARC, TIME, FLOW, OCCUPANCY, STATE, STATUS = "iu_ac", "t_1h", "q", "k", "etat_trafic", "etat_barre"
MEASURED: Final = (ARC, TIME, FLOW, OCCUPANCY, STATE, STATUS)
OPTIONAL_MEASURED: Final = (STATE, STATUS)

# Order matters: the day's attributes of an arc are the largest tuple of these, ties included.
ATTRIBUTES: Final = (
    ARC,
    "libelle",
    "iu_nd_amont",
    "libelle_nd_amont",
    "iu_nd_aval",
    "libelle_nd_aval",
    "date_debut",
    "date_fin",
    "geo_point_2d",
    "geo_shape",
)
DIGEST: Final = "digest"
COLUMNS: Final = tuple(dict.fromkeys((*MEASURED, *ATTRIBUTES)))

STATES: Final = ("unknown", "fluid", "pre_saturated", "saturated", "blocked")
STATUSES: Final = ("unknown", "open", "closed", "invalid")
NO_STATE: Final = 255  # published no state, or one that is not in the contract

STATE_CODES: Final = {
    "inconnu": 0,
    "fluide": 1,
    "pré-saturé": 2,
    "pre-sature": 2,
    "saturé": 3,
    "sature": 3,
    "bloqué": 4,
    "bloque": 4,
    **{str(code): code for code in range(5)},
    **{f"{code}.0": code for code in range(5)},
}
STATUS_CODES: Final = {
    "inconnu": 0,
    "ouvert": 1,
    "barré": 2,
    "barre": 2,
    "invalide": 3,
    **{str(code): code for code in range(4)},
    **{f"{code}.0": code for code in range(4)},
}

OCCUPANCY_SCALE: Final = 100_000  # occupancy is held in 10⁻⁵ %
PHANTOM_ARC: Final = "*"
EARLIEST_YEAR, LATEST_YEAR = 2010, 2100
