"""Every word of the page in one of its two languages; a missing key is an error, never a blank."""

from dataclasses import dataclass
from typing import Final

from cityflow_dashboard.format import Lang
from cityflow_dashboard.words_en import EN
from cityflow_dashboard.words_en_others import EN_OTHERS
from cityflow_dashboard.words_fr import FR
from cityflow_dashboard.words_fr_others import FR_OTHERS

WORDS: Final[dict[Lang, dict[str, str]]] = {Lang.FR: FR | FR_OTHERS, Lang.EN: EN | EN_OTHERS}


@dataclass(frozen=True)
class Text:
    """The words of one language: `text("stamp", day=…)`."""

    lang: Lang

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its placeholders filled; KeyError if either is unknown."""
        return WORDS[self.lang][key].format(**values)


def preferred(locale: str | None) -> Lang:
    """The language of a browser's locale: French for `fr…`, else English."""
    return Lang.FR if (locale or "").lower().startswith("fr") else Lang.EN
