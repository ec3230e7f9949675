"""An audit of the images is never a false green: the tool decides, and its silence is said."""

import json
import stat
from pathlib import Path

import pytest

from scripts import images

FOUND = {"dependencies": [{"name": "pip", "version": "23.0", "vulns": [{"id": "PYSEC-0"}]}]}
NOTHING = {"dependencies": [{"name": "pip", "version": "23.0", "vulns": []}]}


def tool(folder: Path, monkeypatch: pytest.MonkeyPatch, warned: object, others: object) -> None:
    """A pip-audit that answers the canary and everything else as given; None: with an error."""
    for name, answer in (("warned", warned), ("others", others)):
        (folder / name).write_text("" if answer is None else json.dumps(answer))
    program = folder / "pip-audit"
    program.write_text(
        f"#!/bin/sh\nfor last; do :; done\ncd {folder}\n"
        'if grep -qx pip==23.0 "$last"; then cat warned; else cat others; fi\nexit 1\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(images, "TOOLS", folder)
    monkeypatch.setattr(images, "lock", lambda name: ["pandas==1.0"])


@pytest.mark.parametrize(
    ("warned", "others", "code", "said"),
    [
        (None, None, 0, "NOT RUN"),
        (NOTHING, NOTHING, 0, "NOT RUN"),
        (FOUND, NOTHING, 0, "ingest: 1 packages, no warning"),
        (FOUND, FOUND, 1, "ingest: 1 packages, pip 23.0"),
        (FOUND, None, 1, ""),
    ],
)
def test_an_audit_says_what_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    warned: object, others: object, code: int, said: str,
) -> None:  # fmt: skip
    tool(tmp_path, monkeypatch, warned, others)

    assert images.audit() == code
    assert said in capsys.readouterr().out
