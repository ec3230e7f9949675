"""What `make up` gives: healthy, its first day in a real browser, the bytes of `make demo`.

The tests build on one another, in this order, and run alone: a container that starts or ends
changes the network, and a browser drops its requests then. mongo is `mongo:7` or its stand-in.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import compose_stack
import pytest
from compose_stack import DEMO_NOW, Stack, wait
from playwright.sync_api import Page, expect, sync_playwright
from store_servers import LOOPBACK, ROOT

pytestmark = pytest.mark.containers

DAYS = [date(2025, 10, 26) + timedelta(days=n) for n in range(12)]
"""Days that both the demo and the first turn of ingest fetch; one has 25 hours."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with compose_stack.stack(folder, SIMULATOR_NOW=DEMO_NOW) as made:
        yield made


Demo = tuple["subprocess.Popen[bytes]", Path]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`make demo` at work in a folder of its own, and where it publishes."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.demo"], cwd=folder, stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]},
    ) as running:  # fmt: skip
        yield running, folder / "demo" / "output"
        running.terminate()


def first_day(stack: Stack) -> tuple[str, int] | None:
    """A day of the roads that is published with data, and its flow, as the API tells them."""
    days = [one["day"] for one in stack.api("/v1/days").json()["days"]]
    for day in days:
        answer = stack.api(f"/v1/days/{day}/metrics/comptages")
        if answer.ok and (flow := answer.json()["totals"]["flow_veh"]):
            return day, flow
    return None


def has_places(stack: Stack) -> bool:
    """Whether all days are reported with the places of their arcs, which are fetched later."""
    if not stack.has_reported(*DAYS):
        return False
    totals = [stack.api(f"/v1/days/{day}/metrics/comptages").json()["totals"] for day in DAYS]
    return all(one["flow_veh"] is None or one["vkt_veh_km"] for one in totals)


@contextmanager
def dashboard(stack: Stack, day: str) -> Iterator[Page]:
    """The page of a day in a real browser."""
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on PATH; install Debian's package `chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        address = f"http://{LOOPBACK}:{stack.dashboard_port}/?lang=en&day={day}"
        page.goto(address, wait_until="commit", timeout=60_000)
        yield page
        browser.close()


def read(page: Page, text: str) -> None:
    """Read the page until its first card says this. A reader who sees an empty page loads it again:
    the browser drops its requests where the machine's networks change meanwhile.
    """
    card = page.locator(".cf-card").first
    for _ in range(2):
        with suppress(AssertionError):
            expect(card).to_contain_text(text, timeout=30_000)
            return
        page.reload()
    expect(card).to_contain_text(text, timeout=30_000)


def test_it_is_up_in_three_minutes_and_shows_a_day_two_minutes_later(stack: Stack) -> None:
    started = time.monotonic()
    said = stack.up()
    up = time.monotonic()
    wait(lambda: first_day(stack) is not None, 120, "a day is published")
    found = first_day(stack)
    assert found is not None
    day, flow = found
    with dashboard(stack, day) as page:
        read(page, f"{flow:,}")
    shown = time.monotonic()
    print(f"healthy after {up - started:.0f} s, a day in the browser {shown - up:.0f} s later")

    assert up - started < 180
    assert shown - up < 120
    assert f"Dashboard  http://{LOOPBACK}:{stack.dashboard_port}" in said
    assert f"API        http://{LOOPBACK}:{stack.api_port}/openapi.json" in said


@pytest.mark.usefixtures("demo")
def test_the_map_of_a_day_is_drawn_once_its_places_are_there(stack: Stack) -> None:
    wait(lambda: has_places(stack), 600, "all days are reported")
    with dashboard(stack, str(DAYS[0])) as page:
        expect(page.locator(".st-key-map svg path").first).to_be_attached(timeout=60_000)


def test_its_days_are_byte_by_byte_those_of_make_demo(stack: Stack, demo: Demo) -> None:
    running, output = demo
    assert running.wait(600) == 0
    wanted = {
        str(path.relative_to(output)): sha256(path.read_bytes()).hexdigest()
        for top in ("clean/comptages", "metrics/comptages")
        for day in DAYS
        for path in (output / top / f"dt={day}").rglob("*.parquet")
    }
    assert len(wanted) > 3 * len(DAYS)
    wait(lambda: wanted.keys() <= stack.look()["files"].keys(), 120, "its editions are the same")
    files = stack.look()["files"]
    assert {name: files[name] for name in wanted} == wanted
