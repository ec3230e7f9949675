"""HTML of the page: every text is escaped here, and nowhere else is HTML written.

Tables are real ones with captions and headers, so a screen reader reads what the charts draw.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from cityflow_dashboard.format import Lang
from cityflow_dashboard.frames import Kind
from cityflow_dashboard.network import Entry
from cityflow_dashboard.text import Text

_BORDERS: Final = {
    Kind.BOTH: "5px solid",
    Kind.FLOW_ONLY: "5px solid",
    Kind.OCCUPANCY_ONLY: "2px dashed",
    Kind.SILENT: "2px dotted",
}


@dataclass(frozen=True)
class Cover:
    """The coverage beside a figure: a share (None: unknown), printed, and of what."""

    share: float | None
    printed: str
    of_what: str


@dataclass(frozen=True)
class Card:
    """One headline figure."""

    label: str
    value: str
    unit: str
    note: str
    cover: Cover


@dataclass(frozen=True)
class Part:
    """One part of a whole, in a card of parts."""

    name: str
    printed: str
    share: float
    colour: str


@dataclass(frozen=True)
class Cell:
    """A cell: text, a smaller second line, and a bar (0–1) under a number."""

    text: str
    sub: str = ""
    bar: float | None = None


@dataclass(frozen=True)
class Column:
    """A column: its title, and whether it holds numbers (set to the right)."""

    title: str
    numeric: bool = True


def block(lang: Lang, *parts: str) -> str:
    """Parts of HTML in one block, marked with the page's language for screen readers."""
    return f'<div class="cf" lang="{lang}">{"".join(parts)}</div>'


def style(sheet: str, accent: str) -> str:
    """The style sheet, with the accent of the theme in force."""
    return f"<style>:root {{ --cf-accent: {accent}; }}\n{sheet}</style>"


def head(kicker: str, title: str, badge: str) -> str:
    """The page's name, the day, and the kind of day."""
    return (
        f'<p class="cf-kicker">{escape(kicker)}</p><div class="cf-head"><h1>{escape(title)}</h1>'
        f'<span class="cf-badge">{escape(badge)}</span></div>'
    )


def heading(text: str, anchor: str) -> str:
    """The heading of a section, and a place to link to."""
    return f'<h2 id="{escape(anchor)}">{escape(text)}</h2>'


def subheading(text: str) -> str:
    """The heading of a part of a section."""
    return f"<h3>{escape(text)}</h3>"


def banner(text: str) -> str:
    """A line that must not be overlooked."""
    return f'<p class="cf-banner" role="note">{escape(text)}</p>'


def stamp(text: str) -> str:
    """Day, edition and coverage, as printed on every view."""
    return f'<p class="cf-stamp">{escape(text)}</p>'


def note(text: str) -> str:
    """A quiet remark."""
    return f'<p class="cf-note">{escape(text)}</p>'


def cards(figures: Iterable[Card], *extra: str) -> str:
    """The headline figures side by side; `extra` are cards already made."""
    return f'<div class="cf-cards">{"".join(map(_card, figures))}{"".join(extra)}</div>'


def parts_card(label: str, value: str, unit: str, parts: Sequence[Part]) -> str:
    """A figure with the parts it is made of."""
    track = "".join(
        f'<i style="width:{p.share * 100:.2f}%;background:{escape(p.colour)}"></i>' for p in parts
    )
    rows = "".join(
        f"<li><span>{escape(p.name)}</span><b>{escape(p.printed)}</b></li>" for p in parts
    )
    return (
        f'<article class="cf-card">{_figure(label, value, unit)}'
        f'<ul class="cf-parts">{rows}</ul>'
        f'<div class="cf-cover"><div class="cf-track" aria-hidden="true">{track}</div></div>'
        "</article>"
    )


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    caption_shown: bool = True,
) -> str:
    """A table whose first column heads its rows; it scrolls sideways, by keyboard too.

    A caption that is not shown, since the heading above says it, is still read aloud.
    """
    unseen = "" if caption_shown else ' class="cf-unseen"'
    heads = "".join(
        f'<th scope="col"{_number_class(column)}>{escape(column.title)}</th>' for column in columns
    )
    body = "".join(f"<tr>{_row(columns, cells)}</tr>" for cells in rows)
    return (
        f'<div class="cf-scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table><caption{unseen}>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def listed(
    text: Text,
    caption: str,
    names: Sequence[str],
    numbers: Sequence[str],
    rows: Iterable[Sequence[Cell]],
) -> str:
    """A table under a heading that says its caption: columns of words, then of numbers.

    All are keys of the page's words.
    """
    columns = [
        *(Column(text(name), numeric=False) for name in names),
        *(Column(text(name)) for name in numbers),
    ]
    return table(text(caption), columns, rows, caption_shown=False)


def legend(title: str, entries: Iterable[Entry], *more: str) -> str:
    """What the lines of the map mean."""
    lines = "".join(
        f'<li><i style="border-top:{_BORDERS[e.kind]} {escape(e.colour)}"></i>{escape(e.name)}</li>'
        for e in entries
    )
    rest = "".join(f"<li>{escape(text)}</li>" for text in more)
    return f'<ul class="cf-legend" aria-label="{escape(title)}">{lines}{rest}</ul>'


def notice(title: str, text: str, commands: Sequence[str] = ()) -> str:
    """A state without figures: what is so, why, and what to run."""
    code = f"<pre>{escape(chr(10).join(commands))}</pre>" if commands else ""
    return (
        f'<section class="cf-notice"><h2>{escape(title)}</h2><p>{escape(text)}</p>{code}</section>'
    )


def link(address: str, text: str) -> str:
    """A link that opens beside the page; anything but http(s) is printed as text."""
    if not address.startswith(("https://", "http://")):
        return escape(text)
    return f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(text)}</a>'


def footer(*lines: str) -> str:
    """The closing lines; each is HTML made here."""
    return f'<footer class="cf-footer">{"".join(f"<p>{line}</p>" for line in lines)}</footer>'


def _card(card: Card) -> str:
    width = 0 if card.cover.share is None else card.cover.share * 100
    return (
        f'<article class="cf-card">{_figure(card.label, card.value, card.unit)}'
        f'<p class="cf-note">{escape(card.note)}</p><div class="cf-cover">'
        f'<div class="cf-track" aria-hidden="true"><i style="width:{width:.2f}%"></i></div>'
        f"<b>{escape(card.cover.printed)}</b> {escape(card.cover.of_what)}</div></article>"
    )


def _figure(label: str, value: str, unit: str) -> str:
    return (
        f'<h3>{escape(label)}</h3><p class="cf-value">{escape(value)}</p>'
        f'<p class="cf-unit">{escape(unit)}</p>'
    )


def _row(columns: Sequence[Column], cells: Sequence[Cell]) -> str:
    first, *rest = zip(columns, cells, strict=True)
    opening = f'<th scope="row"{_number_class(first[0])}>{_cell(first[1])}</th>'
    return opening + "".join(f"<td{_number_class(c)}>{_cell(cell)}</td>" for c, cell in rest)


def _cell(cell: Cell) -> str:
    sub = f'<span class="cf-sub">{escape(cell.sub)}</span>' if cell.sub else ""
    # Street labels are words joined by underscores: let them break there.
    shown = escape(cell.text).replace("_", "_<wbr>")
    if cell.bar is None:
        return shown + sub
    fill = f'<i style="width:{cell.bar * 100:.1f}%"></i>'
    return f'{shown}<span class="cf-bar" aria-hidden="true">{fill}</span>{sub}'


def _number_class(column: Column) -> str:
    return ' class="cf-number"' if column.numeric else ""
