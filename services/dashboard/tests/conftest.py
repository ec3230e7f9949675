"""The API of test data, run once for all tests of the page: a real server on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def _scanned() -> Iterator[None]:
    """Streamlit looks through all installed packages for components once, not for every page."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


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
