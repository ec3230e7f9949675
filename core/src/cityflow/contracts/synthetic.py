"""How generated data says so: the marker stands in the content, never in the file name.

CSV and JSON records of road loops: every label (`Libelle`, `libelle`) starts with SYNTHETIC_PREFIX.
GeoJSON: the collection has the top-level member SYNTHETIC_MEMBER, set to true.
"""

from typing import Final

SYNTHETIC_PREFIX: Final = "SYN_"
SYNTHETIC_MEMBER: Final = "synthetic"
