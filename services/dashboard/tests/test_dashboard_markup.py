"""HTML of the page: escaped, captioned, and links lead nowhere but to http(s)."""

from html.parser import HTMLParser

import pytest

from cityflow_dashboard import markup
from cityflow_dashboard.format import Lang
from cityflow_dashboard.markup import Card, Cell, Column, Cover, Part

EVIL = '<img src=x onerror="alert(1)"> & "quotes"'


class Tags(HTMLParser):
    """Counts open and closed tags."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.closed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


CARD = Card(EVIL, EVIL, EVIL, EVIL, Cover(0.4, EVIL, EVIL))


@pytest.mark.parametrize(
    "html",
    [
        markup.head(EVIL, EVIL, EVIL),
        markup.heading(EVIL, EVIL),
        markup.banner(EVIL),
        markup.stamp(EVIL),
        markup.note(EVIL),
        markup.cards([CARD], markup.parts_card(EVIL, EVIL, EVIL, [Part(EVIL, EVIL, 0.5, EVIL)])),
        markup.table(EVIL, [Column(EVIL), Column(EVIL)], [(Cell(EVIL, EVIL, 0.5), Cell(EVIL))]),
        markup.notice(EVIL, EVIL, (EVIL,)),
        markup.footer(markup.link("https://example.org/" + EVIL, EVIL)),
    ],
)
def test_text_is_escaped_and_tags_are_closed(html: str) -> None:
    tags = Tags()
    tags.feed(markup.block(Lang.FR, html))
    assert "img" not in tags.opened
    assert sorted(tags.opened) == sorted(tags.closed)


def test_a_link_is_http_or_no_link() -> None:
    assert markup.link("javascript:alert(1)", "text") == "text"
    assert 'rel="noopener"' in markup.link("https://example.org", "text")


def test_a_table_is_read_aloud_with_caption_and_headers() -> None:
    html = markup.table(
        "Caption", [Column("A", numeric=False), Column("B")], [(Cell("x"), Cell("1"))]
    )
    assert "<caption>Caption</caption>" in html
    assert '<th scope="col">A</th>' in html
    assert '<th scope="row">x</th>' in html
    assert 'tabindex="0"' in html


def test_an_unknown_coverage_draws_no_bar() -> None:
    card = Card("a", "—", "c", "d", Cover(None, "—", "of hours"))
    assert "width:0.00%" in markup.cards([card])
