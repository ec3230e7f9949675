"""The dashboard in a real browser: Streamlit as it is started, an API of test data, Chromium.

No name resolves in this browser but loopback, so a page that needs the internet would fail here.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cityflow.contracts import ComptagesSummary
from cityflow_dashboard.palette import LIGHT

expect.set_options(timeout=30_000)  # a busy machine is no fault of the page

ROOT = Path(__file__).resolve().parents[2]
FAKE_API = ROOT / "services" / "dashboard" / "tests" / "fake_api.py"
START_SECONDS, STOP_SECONDS = 60, 10
DRAWN_MS = 30_000
CHARTS = 8
VIEW_CHARTS = {"Loops": 3, "Bikes": 1, "Transit": 0, "Works": 0, "Vélib’": 0, "Weather": 2}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@dataclass
class Visit:
    """An open page and all it complained of or asked for since it was opened."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


Visitor = Callable[..., Visit]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def program(command: list[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | environment,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


@contextmanager
def dashboard(api_url: str) -> Iterator[tuple[str, int]]:
    """The dashboard as its console command starts it: address and process id."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "cityflow-dashboard")]
    with program(command, API_URL=api_url, DASHBOARD_PORT=str(port)) as process:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while not healthy(address):
            assert process.poll() is None, "the dashboard ended"
            assert time.monotonic() < deadline, "the dashboard does not answer"
            time.sleep(0.1)
        yield address, process.pid


def healthy(address: str) -> bool:
    try:
        return requests.get(f"{address}/_stcore/health", timeout=1).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def worlds() -> Iterator[str]:
    with program([sys.executable, str(FAKE_API)]) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@pytest.fixture(scope="module")
def served(worlds: str) -> Iterator[tuple[str, int]]:
    with dashboard(f"{worlds}/full") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "no chromium on PATH; install Debian's package `chromium`"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """Open a page as a new visitor; at the end nothing may have gone wrong or out."""
    visits: list[Visit] = []

    def start(
        address: str, width: int = 1440, scheme: str = "light", locale: str = "en-GB"
    ) -> Visit:
        page = browser.new_page(
            viewport={"width": width, "height": 1000}, color_scheme=scheme, locale=locale
        )
        found = Visit(page)
        page.on("console", lambda m: found.complaints.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda error: found.complaints.append(f"error: {error}"))
        page.on("request", lambda request: found.hosts.add(host(request.url)))
        page.on("websocket", lambda ws: found.hosts.add(host(ws.url)))
        page.goto(address)
        visits.append(found)
        return found

    yield start
    for found in visits:
        found.page.close()
        assert [c for c in found.complaints if c.startswith(("error", "warning"))] == []
        assert found.hosts - {""} == {"127.0.0.1"}


def host(url: str) -> str:
    """The host a request goes to; none for what the page holds itself (data:, blob:)."""
    parts = urlsplit(url)
    return parts.hostname or "" if parts.scheme in ("http", "https", "ws", "wss") else ""


def drawn(page: Page) -> Page:
    """Wait until the whole page is there, from the map to the footer."""
    expect(page.locator(".st-key-map svg path").first).to_be_attached(timeout=DRAWN_MS)
    expect(page.locator(".cf-footer")).to_be_visible(timeout=DRAWN_MS)
    expect(page.locator("svg.marks")).to_have_count(CHARTS, timeout=DRAWN_MS)
    return page


def picture(page: Page, path: Path) -> None:
    """The whole page, which scrolls inside Streamlit's own frame."""
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": size["width"], "height": int(height) + 20})
    drawn(page)
    page.wait_for_timeout(1000)
    page.screenshot(path=path)
    page.set_viewport_size(size)
    assert path.stat().st_size > 50_000


def test_headline_figures_are_those_of_the_api(
    served: tuple[str, int], worlds: str, visit: Visitor, screenshots: Path
) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en&day=2026-06-21").page)
    answer = requests.get(f"{worlds}/full/v1/days/2026-06-21/metrics/comptages", timeout=10)
    totals = ComptagesSummary.model_validate_json(answer.content).totals
    cards = page.locator(".cf-card")
    expect(cards).to_have_count(5)
    expect(cards.nth(0)).to_contain_text(f"{totals.flow_veh:,}")
    expect(cards.nth(0)).to_contain_text(f"{(totals.flow_coverage or 0) * 100:.1f}%")
    expect(cards.nth(2)).to_contain_text(f"{totals.occupancy_mean_pct:.1f}%")
    expect(cards.nth(3)).to_contain_text(f"{totals.saturated_hours:,}")
    expect(page).to_have_title("CityFlow · getting about in Paris")
    picture(page, screenshots / "light.png")


def test_every_arc_with_a_geometry_is_a_line_on_the_map(
    served: tuple[str, int], visit: Visitor
) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en").page)
    strokes = page.locator(".st-key-map svg .mark-shape path").evaluate_all(
        "paths => paths.filter(p => p.getTotalLength() > 1).map(p => p.getAttribute('stroke'))"
    )
    assert len(strokes) == 292
    assert {LIGHT.fluid, LIGHT.pre_saturated, LIGHT.absent} <= {s.upper() for s in strokes}


def test_an_arc_tells_its_figures_when_pointed_at(served: tuple[str, int], visit: Visitor) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en").page)
    page.locator(".st-key-map svg .mark-shape path").last.hover(force=True)
    tip = page.locator("#vg-tooltip-element")
    expect(tip).to_contain_text("Vehicles")
    expect(tip).to_contain_text("Flow coverage")


def test_the_map_follows_its_controls(served: tuple[str, int], visit: Visitor) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en").page)
    page.get_by_role("radio", name="Saturated hours").click()
    expect(page.get_by_text("no hour ≥ 30 %")).to_be_visible()
    page.get_by_role("radio", name="One hour").click()
    expect(page.get_by_role("slider")).to_have_count(1)
    page.get_by_role("slider").press("ArrowRight")
    expect(page.locator(".st-key-map_hour")).to_contain_text("09:00–10:00")
    expect(page.locator(".st-key-map svg .mark-shape path")).to_have_count(292)


def test_the_language_is_switched_on_the_page(
    served: tuple[str, int], visit: Visitor, screenshots: Path
) -> None:
    page = drawn(visit(f"{served[0]}/?day=2026-06-20", locale="fr-FR").page)
    expect(page.get_by_role("heading", level=1)).to_have_text("samedi 20 juin 2026")
    assert re.search(r"\d\u202f\d{3}\b", page.locator(".cf-card").first.inner_text())
    picture(page, screenshots / "french.png")
    page.get_by_role("radio", name="EN", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saturday 20 June 2026")
    expect(page).to_have_url(re.compile("lang=en"))
    assert "day=2026-06-20" in page.url
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saturday 20 June 2026")


def test_all_controls_are_reached_by_keyboard(served: tuple[str, int], visit: Visitor) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en&day=2026-06-20").page)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const e = document.activeElement;"
                " const keyed = e.closest('[class*=st-key-]');"
                " return keyed ? keyed.className.match(/st-key-([\\w-]+)/)[1]"
                " : e.getAttribute('role') || e.tagName; }"
            )
        )
    controls = {"nav-earlier", "control_day", "nav-later", "control_lang", "map_hue", "map_area"}
    assert controls | {"control_view", "arc", "region", "tab"} <= reached
    page.locator(".st-key-nav-earlier button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Friday 19 June 2026")


def test_the_way_back_leads_to_the_day_before(served: tuple[str, int], visit: Visitor) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en&day=2026-06-21").page)
    page.get_by_role("button", name="Earlier day").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saturday 20 June 2026")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sunday 21 June 2026")


def test_it_is_dark_where_the_reader_wants_it_dark(
    served: tuple[str, int], visit: Visitor, screenshots: Path
) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en", scheme="dark").page)
    ground = page.locator(".stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert ground == "rgb(18, 22, 27)"
    picture(page, screenshots / "dark.png")


def test_a_narrow_screen_scrolls_down_only_and_lists_come_before_the_map(
    served: tuple[str, int], visit: Visitor, screenshots: Path
) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en", width=390).page)
    wide = page.get_by_test_id("stMain").evaluate("m => m.scrollWidth - m.clientWidth")
    assert wide <= 0
    assert page.locator("#top").bounding_box()["y"] < page.locator("#map").bounding_box()["y"]
    picture(page, screenshots / "narrow.png")


def test_every_view_is_drawn_and_fits_a_narrow_screen(
    served: tuple[str, int], visit: Visitor, screenshots: Path
) -> None:
    page = drawn(visit(f"{served[0]}/?lang=en", width=390).page)
    for name, charts in VIEW_CHARTS.items():
        page.get_by_role("radio", name=name, exact=True).click()
        expect(page.locator("svg.marks")).to_have_count(charts, timeout=DRAWN_MS)
        # While one view follows another, something of both is on the page.
        expect(page.locator(".cf-footer")).to_have_count(1, timeout=DRAWN_MS)
        expect(page.locator(".cf-cover b").first).to_be_visible()
        wide = page.get_by_test_id("stMain").evaluate("m => m.scrollWidth - m.clientWidth")
        assert wide <= 0, name
        page.screenshot(path=screenshots / f"{name}.png")


def test_a_day_without_data_draws_nothing(
    served: tuple[str, int], visit: Visitor, screenshots: Path
) -> None:
    page = visit(f"{served[0]}/?lang=en&day=2026-06-18").page
    expect(page.get_by_role("heading", name="No data from the source")).to_be_visible()
    expect(page.locator(".cf-footer")).to_be_visible()
    assert page.locator("svg.marks").count() == 0
    page.screenshot(path=screenshots / "no_data.png")


def test_the_server_talks_to_loopback_only(served: tuple[str, int], visit: Visitor) -> None:
    drawn(visit(f"{served[0]}/?lang=en").page)
    peers = [c.raddr.ip for c in psutil.Process(served[1]).net_connections() if c.raddr]
    assert peers
    assert all(ip_address(peer).is_loopback for peer in peers)


def test_a_page_without_an_api_says_what_to_run(
    browser: Browser, visit: Visitor, screenshots: Path
) -> None:
    with dashboard(f"http://127.0.0.1:{free_port()}") as (address, _):
        page = visit(f"{address}/?lang=en").page
        expect(page.get_by_role("heading", name="The API does not answer")).to_be_visible()
        expect(page.locator("pre")).to_contain_text("cityflow-api")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name="The API does not answer")).to_be_visible()
        page.screenshot(path=screenshots / "no_api.png")
        page.close()
