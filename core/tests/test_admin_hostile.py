"""What an export or a backup says is checked before anything believes it."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from admin_support import FIRST, Command, snapshot_of
from hypothesis import given
from hypothesis import strategies as st

from cityflow.admin.lines import relative_path
from cityflow.storage import canonical


def forge(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and seal it anew, as somebody hostile would."""
    path = folder / "manifest.json"
    body = json.loads(path.read_text())
    del body["sha256_of_the_rest"]
    change(body)
    seal = canonical.digest(canonical.dumps(body))
    path.write_text(canonical.dumps(body | {"sha256_of_the_rest": seal}))


@pytest.mark.parametrize(
    "key", ["../../outside/x", "/etc/passwd", "clean/../../x", "clean/.hidden", "x", "a\\b/c"]
)
def test_keys_that_lead_out_are_refused(
    cityflow: Command, saved: Path, into: Path, key: str
) -> None:
    def change(body: dict[str, Any]) -> None:
        body["objects"][0]["key"] = key
        body["objects"].sort(key=lambda one: str(one["key"]))

    forge(saved, change)
    assert cityflow("restore", saved) == 3
    assert "object key" in cityflow.error


def test_a_manifest_that_names_a_thing_twice_is_refused(
    cityflow: Command, saved: Path, into: Path
) -> None:
    forge(saved, lambda body: body["objects"].append(body["objects"][-1]))
    assert cityflow("restore", saved) == 3
    assert "or twice" in cityflow.error


def line(**changed: Any) -> str:
    fields = {
        "type": "run",
        "day": str(FIRST),
        "key": "k",
        "version": 1,
        "body": {"schema_version": 1},
    }
    return canonical.dumps(fields | changed) + "\n"


POINTER = {"schema_version": 1, "dataset": "comptages", "day": str(FIRST), "edition": "../../x"}
HOSTILE = {
    "no JSON": "{\n",
    "no object": "[]\n",
    "spaces": line().replace(":", ": "),
    "a key twice": line()[:-2] + ',"version":1}\n',
    "NaN": line().replace('"version":1', '"version":NaN'),
    "too deep": "[" * 100_000 + "\n",
    "no line end": line()[:-1],
    "another day": line(day="2020-01-01"),
    "another type": line(type="lease"),
    "no day": line(day="x"),
    "no key": line(key=""),
    "version 0": line(version=0),
    "version true": line(version=True),
    "version 1.5": line(version=1.5),
    "no schema_version": line(body={}),
    "no body": line(body=[]),
    "a huge body": line(body={"schema_version": 1, "x": "x" * 300_000}),
    "twice": line(key="a") + line(key="a"),
    "not a run": line(body={"schema_version": 1, "outcome": "new"}),
    "a newer schema": line(body={"schema_version": 2}),
    "a pointer out": line(type="pointer/x", body=POINTER),
    "a digit too long": line().replace('"version":1', f'"version":{"1" * 5000}'),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lines_are_refused(
    cityflow: Command, exported: Path, into: Path, text: str
) -> None:
    type = "pointer/x" if "pointer/x" in text else "run"
    path = exported / relative_path(type, FIRST)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

    def change(body: dict[str, Any]) -> None:
        kept = [o for o in body["documents"] if (o["type"], o["day"]) != (type, str(FIRST))]
        saved = {"type": type, "day": str(FIRST), "documents": text.count("\n") or 1}
        data = text.encode()
        kept.append(saved | {"bytes": len(data), "sha256": canonical.digest(data)})
        body["documents"] = sorted(kept, key=lambda one: (one["type"], one["day"]))

    forge(exported, change)
    assert cityflow("import", exported) == 3
    assert f"{FIRST}.jsonl" in cityflow.error
    assert len(cityflow.error) < 2000
    assert snapshot_of(into) == {}


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_two_types_never_share_a_file_and_none_leads_out(one: str, other: str) -> None:
    paths = [relative_path(type, date(2025, 1, 1)) for type in (one, other)]
    assert (paths[0] == paths[1]) == (one == other)
    for path in paths:
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert path.parts[0] == "documents"
        assert len(path.parts) >= 3
        assert str(path).isascii()
        assert all(0 < len(part) <= 255 for part in path.parts)
