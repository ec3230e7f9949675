"""Large exports: registered where they lie, verified before use, copied only when asked."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cityflow.errors import SourceError
from cityflow.storage import RawZone

Command = Callable[..., Any]


def test_a_file_is_registered_in_place(
    ingest: Command, zone: RawZone, good: Path, output: Path
) -> None:
    ended = ingest("history", good, "--json")
    assert ended.code == 0
    (file,) = ended.document["files"]
    digest = hashlib.sha256(good.read_bytes()).hexdigest()
    assert (file["status"], file["sha256"]) == ("registered", digest)
    assert file["key"] == f"outside/comptages/{digest}.csv"
    assert not list(output.rglob("*.csv"))
    (registered,) = zone.outside.files()
    assert registered.path == str(good.resolve())
    assert (registered.meta.bytes, registered.meta.dataset) == (good.stat().st_size, "comptages")
    (entry,) = zone.entries("comptages")
    with zone.open(entry.key) as stream:
        assert stream.read() == good.read_bytes()


def test_registered_twice_it_is_held_and_both_arrivals_are_kept(
    ingest: Command, zone: RawZone, good: Path
) -> None:
    ingest("history", good)
    assert ingest("history", good, "--json").document["files"][0]["status"] == "held"
    (entry,) = zone.entries("comptages")
    assert len(entry.meta.receipts) == 2


def test_with_copy_it_is_streamed_in_and_outside_no_more(
    ingest: Command, zone: RawZone, good: Path
) -> None:
    ingest("history", good)
    ended = ingest("history", good, "--copy", "--json")
    assert ended.document["files"][0]["status"] == "stored"
    assert zone.outside.files() == []
    (entry,) = zone.entries("comptages")
    assert entry.key.startswith("raw/comptages/")
    assert len(entry.meta.receipts) == 2
    assert ingest("history", good, "--json").document["files"][0]["status"] == "held"


def test_a_file_that_changed_is_refused_when_it_is_used(
    ingest: Command, zone: RawZone, good: Path
) -> None:
    ingest("history", good)
    good.write_bytes(good.read_bytes().replace(b"199.0", b"198.0"))
    (entry,) = zone.entries("comptages")
    with pytest.raises(SourceError, match="other bytes than were registered"), zone.open(entry.key):
        pass


def test_what_is_no_dataset_is_not_registered(
    ingest: Command, zone: RawZone, tmp_path: Path, good: Path
) -> None:
    (tmp_path / "page.html").write_text("<html></html>")
    ended = ingest("history", tmp_path / "page.html", good, "--json")
    assert ended.code == 3
    assert [one["status"] for one in ended.document["files"]] == ["refused", "registered"]
    assert len(zone.outside.files()) == 1


def test_status_names_what_is_outside(ingest: Command, good: Path) -> None:
    ingest("history", good)
    (named,) = ingest("status", "--json").document["outside"]
    assert named["path"] == str(good.resolve())
    assert "outside the store" in ingest("status").out
    assert json.dumps(named)


def test_a_link_is_registered_as_the_file_it_names(
    ingest: Command, zone: RawZone, good: Path
) -> None:
    link = good.with_name("link.csv")
    link.symlink_to(good)
    ingest("history", link)
    (registered,) = zone.outside.files()
    assert registered.path == str(good.resolve())
