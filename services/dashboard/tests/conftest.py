"""The API of test data, run once for all tests of the page: a real server on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def worlds() -> Iterator[str]:
    """Address of the API of test data; each world is a path below it."""
    command = [sys.executable, str(Path(__file__).parent / "fake_api.py")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()
