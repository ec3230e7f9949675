"""Synthetic files for the whole suite, and a house for each test."""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import House

SEED = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
os.environ["FAULT_SEED"] = str(SEED)  # for the workers of this run


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that goes with everything in it: what these tests write is large."""
    folder = Path(tempfile.mkdtemp(prefix="cityflow-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def dice() -> Callable[[str], random.Random]:
    """Random numbers for a test: the same again with the FAULT_SEED that is printed."""
    return lambda name: random.Random(f"{SEED} {name}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"the same kills again: FAULT_SEED={SEED}")


@pytest.fixture
def house(scratch: Path) -> Iterator[House]:
    """An empty house."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    folder.chmod(0o755)
    yield House(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def generate(scratch: Path) -> Callable[..., Path]:
    """Writes a synthetic city into a folder of this name, and returns it."""

    def write(name: str, **options: object) -> Path:
        folder = scratch / name
        flags = [text for key, value in options.items() for text in (f"--{key}", str(value))]
        flags = [flag.replace("_", "-") if flag.startswith("--") else flag for flag in flags]
        work = scratch / f"{name}.work"
        work.mkdir()
        ended = House(work).run("cityflow-simulator", "generate", folder, *flags)
        assert ended.code == 0, ended.err
        return folder

    return write
