"""An upgrade with data in place: today's images on the database and volume of an earlier version.

The stored ones were made by tests/stored_store.py when their format was the current one.
"""

import json
import tarfile
from pathlib import Path
from typing import Any

import compose_stack
import pytest
from compose_stack import DEMO_NOW, Stack, wait
from store_servers import ROOT
from stored_store import DATABASE, DAYS, PUT_BACK

pytestmark = pytest.mark.containers

STORED = sorted((ROOT / "tests/integration/stored").glob("*.tar.xz"))


def editions(stored: Path) -> dict[str, str]:
    """What is published of the roads in a stored store: day to edition."""
    with tarfile.open(stored) as archive:
        file = archive.extractfile(f"./{DATABASE}")
        assert file is not None
        found = [json.loads(line) for line in file.read().decode().splitlines()]
    bodies = [one["body"] for one in found if one["type"] == "pointer/comptages"]
    return {body["day"]: body["edition"] for body in map(json.loads, bodies)}


@pytest.mark.parametrize("stored", STORED, ids=lambda path: path.name.partition(".")[0])
def test_what_an_earlier_version_left_is_served_and_the_next_run_works(
    stored: Path, tmp_path: Path
) -> None:
    before = editions(stored)
    assert set(DAYS) <= before.keys()
    with compose_stack.stack(tmp_path, SIMULATOR_NOW=DEMO_NOW, SIMULATOR_ARCS="30") as stack:
        said = stack.compose(
            "run", "--rm", "--no-TTY", "--volume", f"{stored}:/stored.tar.xz:ro",
            "--entrypoint", "python", "processor", "-c", PUT_BACK,
        )  # fmt: skip
        assert int(said.stdout) > 50

        stack.start("api")
        for day, edition in before.items():
            assert served(stack, day)["edition"] == edition
        assert stack.api(f"/v1/days/{DAYS[0]}/arcs").json()["arcs"]

        stack.once("processor", "run", "--date", DAYS[0])
        stack.once("reporter", "run", "--date", DAYS[0])
        stack.up()
        wait(lambda: days(stack) > before.keys(), 180, "new days stand beside the old ones")
        for day, edition in before.items():
            assert served(stack, f"{day}", f"?edition={edition}")["edition"] == edition


def served(stack: Stack, day: str, query: str = "") -> dict[str, Any]:
    answer = stack.api(f"/v1/days/{day}/metrics/comptages{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def days(stack: Stack) -> set[str]:
    """The days of the roads that are published."""
    names = (name.split("/") for name in stack.look()["pointers"])
    return {day for dataset, day in names if dataset == "comptages"}
