"""The Makefile before anything is installed: it explains itself and what a machine lacks."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=ROOT, env={"PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_help_is_the_default_and_fits_on_a_screen() -> None:
    done = make()
    targets = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")]

    assert done.stdout == make("help").stdout
    assert {"demo", "test"} <= set(targets)
    assert len(targets) <= 20


@pytest.mark.parametrize(
    ("refuses", "says"),
    [("version_info", "older than 3.11"), ("ensurepip", "apt-get install python3-venv")],
)
def test_an_unfit_python_is_refused_with_what_to_do(
    tmp_path: Path, refuses: str, says: str
) -> None:
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\ncase "$*" in *{refuses}*) exit 1;; esac\n')
    python.chmod(0o755)
    done = make("install", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")

    assert done.returncode != 0
    assert says in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_missing_python_is_refused_with_what_to_do(tmp_path: Path) -> None:
    done = make("install", "PYTHON=no-such-python", f"VENV={tmp_path / 'venv'}")

    assert done.returncode != 0
    assert "no-such-python: not found" in done.stderr
