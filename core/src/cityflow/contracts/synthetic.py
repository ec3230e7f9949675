"""How generated data says so: the marker stands in the content, never in the file name.

Records, in CSV and JSON: every name of a place starts with SYNTHETIC_PREFIX: `libelle` of road
loops, `name` and `nom_compteur` of bike counters, `name` of bike-share stations, `voie` of works,
`title` of disruptions. GeoJSON and weather: the document has the top-level member
SYNTHETIC_MEMBER, set to true.
"""

from typing import Final

SYNTHETIC_PREFIX: Final = "SYN_"
SYNTHETIC_MEMBER: Final = "synthetic"
