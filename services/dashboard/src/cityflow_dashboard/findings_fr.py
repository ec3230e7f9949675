"""What the processor's quality checks found, said in French: their messages are English data."""

import re
from typing import Final

_NARROW: Final = "\u202f"
_PLACE: Final = re.compile(r"\b[NT]\b")
_PLACES: Final = {
    "N": r"(-?\d[\d,]*(?:\.\d+)?%?|None)",
    "T": r"([^;]+)",
}
"""N: a figure; T: names, told as they are."""

_PHRASES: Final = {
    "N of N rows rejected": "{0} lignes rejetées sur {1}",
    ", phantom arcs left out": ", arcs fantômes à part",
    ": the source may have changed its format": " : la source a peut-être changé de format",
    "N duplicate rows dropped, N of them differed, N values withdrawn by a later receipt": (
        "{0} lignes en double écartées, dont {1} différaient ; {2} valeurs retirées par une"
        " réception ultérieure"
    ),
    "N of N published states differ from f\\(occupancy\\)": (
        "{0} états publiés sur {1} ne sont pas f(taux d’occupation)"
    ),
    "N rows outside the physical range, rejected": (
        "{0} lignes hors des bornes physiques, rejetées"
    ),
    "N records with N values": "{0} enregistrements et {1} valeurs",
    "; the edition in place is fuller and stands: ": (
        " ; l’édition en place est plus complète et demeure : "
    ),
    "zones and hours add up to the city": "zones et heures s’additionnent au total de la ville",
    "counters add up to the records": "les compteurs s’additionnent aux enregistrements",
    "T: city N, zones N, hours N": "{0} : ville {1}, zones {2}, heures {3}",
    "\\(N, N\\) is not \\(N, N\\)": "({0}, {1}) au lieu de ({2}, {3})",
    "counts N, hours N, arcs N": "comptages {0}, heures {1}, arcs {2}",
    "city N, arrondissements N vehicles compared": (
        "véhicules comparés : ville {0}, arrondissements {1}"
    ),
    "hours N, total N of T": "heures {0}, total {1} ({2})",
    "N arc-hours": "{0} heures-arcs",
    "N counter-hours": "{0} heures-compteurs",
    "; no like day to compare with": " ; aucun jour semblable auquel comparer",
    ", median of N like days N": ", médiane de {0} jours semblables : {1}",
    "N arcs count": "{0} arcs comptent",
    "N counters count": "{0} compteurs comptent",
    ", N on average before; silent: none": ", {0} en moyenne auparavant ; muet : aucun",
    ", N on average before; silent: T": ", {0} en moyenne auparavant ; muets : {1}",
    "no hour is expected": "aucune heure n’est attendue",
    "N of the expected hours": "{0} des heures attendues",
    ", median before N": ", médiane auparavant {0}",
    "N of N hours at the place of reference": "{0} heures sur {1} au lieu de référence",
    "no list is held": "aucune liste n’est détenue",
    "no list of the day or before; that of T is used": (
        "aucune liste de ce jour ni d’avant : celle du {0} est utilisée"
    ),
    "the list was received N h before the end of the day": (
        "la liste a été reçue {0} h avant la fin du jour"
    ),
    "N of N stations are an hour or more behind the newest": (
        "{0} stations sur {1} ont au moins une heure de retard sur la plus récente"
    ),
    "N of N works without a polygon": "{0} chantiers sur {1} sans polygone",
    "N snapshots, in N of the hours": "{0} relevés, dans {1} des heures",
    ", at most N h apart": ", à {0} h d’écart au plus",
    "no snapshot of the day or before; the next later one is used": (
        "aucun relevé de ce jour ni d’avant : le suivant est utilisé"
    ),
    "N of N stops named are not placed": "{0} arrêts nommés sur {1} ne sont pas situés",
    "N of N answers in pages lack some": (
        "{0} réponses en plusieurs pages sur {1} sont incomplètes"
    ),
    "not published that day: nothing": "non publié ce jour-là : rien",
    "not published that day: T": "non publié ce jour-là : {0}",
    "N arcs near works have no loop known, N have": (
        "{0} arcs près de chantiers n’ont pas de boucle connue, {1} en ont une"
    ),
    "N sensors without a row: none": "{0} capteurs sans ligne : aucun",
    "N sensors without a row: T": "{0} capteurs sans ligne : {1}",
}
"""Pieces of messages, as the processor writes them; a message is one or several."""


class _Phrase:
    """A piece of a message, ready to be looked for."""

    def __init__(self, english: str, french: str) -> None:
        self.pattern = re.compile(_PLACE.sub(lambda found: _PLACES[found[0]], english))
        self.places = _PLACE.findall(english)
        self.french = french

    def say(self, found: re.Match[str]) -> str:
        """It in French, with what stands in its places."""
        pairs = zip(self.places, found.groups(), strict=True)
        return self.french.format(*(_figure(said) if p == "N" else said for p, said in pairs))


_BOOK: Final = [_Phrase(*pair) for pair in _PHRASES.items()]


def in_french(message: str) -> str | None:
    """A check's message in French, figures as French readers write them; None if the phrase book
    lacks a piece of it.
    """
    pieces, at = [], 0
    while at < len(message):
        matches = [(m, one) for one in _BOOK if (m := one.pattern.match(message, at))]
        if not matches:
            return None
        found, phrase = max(matches, key=lambda pair: pair[0].end())
        pieces.append(phrase.say(found))
        at = found.end()
    return "".join(pieces)


def _figure(english: str) -> str:
    return english.replace(",", _NARROW).replace(".", ",").replace("%", f"{_NARROW}%")
