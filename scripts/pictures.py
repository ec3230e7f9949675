"""`python -m scripts.pictures ADDRESS` takes the pictures of the README.

ADDRESS is where `make demo` serves the dashboard. Needs what tests need, and Debian's `chromium`.
"""

import shutil
import sys
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.pipeline import LAST
from scripts.steps import ROOT

FOLDER: Final = ROOT / "docs" / "images"
WIDTH: Final = 1160
WAIT_MS: Final = 60_000
SETTLED_MS: Final = 3_000


@dataclass(frozen=True)
class Picture:
    """A part of a view, in pixels from the place of an anchor, or from the top without one."""

    name: str
    view: str
    height: int
    anchor: str = ""


PICTURES: Final = (
    Picture("dashboard", "roads", 1310),
    Picture("map", "roads", 880, "map"),
    Picture("loops", "loops", 1310),
    Picture("bikes", "bikes", 880),
)


def main() -> None:
    """Write every picture anew."""
    (address,) = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for picture in PICTURES:
            _take(browser, address, picture)
        browser.close()


def _take(browser: Browser, address: str, picture: Picture) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    page.goto(f"{address}/?lang=en&view={picture.view}&day={LAST}")
    page.locator(".cf-footer").wait_for(timeout=WAIT_MS)
    _open_whole(page)
    box = page.locator(f"#{picture.anchor}").bounding_box() if picture.anchor else None
    top = box["y"] - 20 if box else 40
    page.screenshot(
        path=FOLDER / f"{picture.name}.png",
        clip={"x": 0, "y": top, "width": WIDTH, "height": picture.height},
    )
    page.close()


def _open_whole(page: Page) -> None:
    """Let the window be as high as the page, which scrolls inside Streamlit's own frame."""
    page.wait_for_timeout(SETTLED_MS)
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": int(height) + 20})
    page.wait_for_timeout(SETTLED_MS)


if __name__ == "__main__":
    main()
