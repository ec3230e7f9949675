"""Late data renew their own days; earlier editions stay; two runs at once publish one edition."""

import hashlib
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest
from processor_house import FIRST_RECEIPT, House, published_of, row, stamps, text_of

from cityflow.contracts import Run
from cityflow.storage import Editions, NewRaw, RawZone, first_meta, intake
from cityflow_processor.reading.parts import ChunkManifest, PartsCache

MONDAY = date(2025, 3, 3)
TUESDAY = MONDAY + timedelta(days=1)
ROUNDS = 2


def rows_of(day: date, hours: int = 24, **values: str | None) -> list[dict[str, str | None]]:
    return [row(t_1h=stamp, **values) for stamp in stamps(day, *range(hours))]


def test_late_rows_renew_their_own_day_and_the_earlier_edition_stays(house: House) -> None:
    house.receive(text_of([*rows_of(MONDAY), *rows_of(TUESDAY)]))
    house.process()
    before, first = house.published(), house.pointer(MONDAY)
    assert first is not None and first.previous is None
    tuesday = house.pointer(TUESDAY)
    house.receive(text_of(rows_of(MONDAY, 2, q="200.0")))
    assert house.counts()["editions"] == {"new": 1, "unchanged": 1, "red": 0}
    second = house.pointer(MONDAY)
    assert second is not None
    assert second.edition != first.edition
    assert (second.previous, second.records) == (first.edition, 24)
    assert house.pointer(TUESDAY) == tuesday
    flows = [one["flow_veh"] for one in house.table(MONDAY, "arc_hours")]
    assert flows == [200, 200, *[199] * 22]
    # Objects and document of the earlier edition are as they were.
    after = house.published()
    current = ("pointer", f"metrics/comptages_metrics_{MONDAY}.json")
    stays = {key for key in before if not key.startswith(current)}
    assert {key: after[key] for key in stays} == {key: before[key] for key in stays}
    earlier = Editions(house.store).document("comptages", MONDAY, first.edition)
    assert earlier is not None and earlier["totals"]["flow_veh"] == 24 * 199


def test_rows_that_come_again_change_nothing(house: House) -> None:
    house.receive(text_of(rows_of(MONDAY)))
    house.process()
    pointer = house.pointer(MONDAY)
    house.receive(text_of(list(reversed(rows_of(MONDAY)))))
    counts = house.counts()
    assert counts["editions"] == {"new": 0, "unchanged": 1, "red": 0}
    assert (counts["rows_in"], counts["duplicates"], counts["published"]) == (48, 24, 24)
    assert house.pointer(MONDAY) == pointer


def test_a_registered_file_is_digested_once_however_many_chunks_it_has(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = text_of([*rows_of(MONDAY), *rows_of(TUESDAY)])
    path = tmp_path / "export.csv"
    path.write_text(content, encoding="utf-8")
    new = NewRaw("comptages", "csv", "csv", "plain", False, path.name, 0, FIRST_RECEIPT)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    meta = first_meta(new, digest, path.stat().st_size)
    RawZone(house.store).outside.register(path, meta)
    read, real = [], intake.digest_of

    def counted(stream: BinaryIO, name: str) -> tuple[str, int]:
        read.append(name)
        return real(stream, name)

    monkeypatch.setattr(intake, "digest_of", counted)
    house.process(chunk_rows=5)
    assert read == [str(path)]
    assert house.published() == published_of(content)


def test_later_is_by_receipt_and_the_same_file_can_come_again(house: House) -> None:
    old, new = text_of(rows_of(MONDAY)), text_of(rows_of(MONDAY, q="200.0"))
    house.receive(old)
    house.receive(new)
    house.process()
    first = house.edition(MONDAY)
    assert {one["flow_veh"] for one in house.table(MONDAY, "arc_hours")} == {200}
    house.receive(old)
    house.process()
    assert {one["flow_veh"] for one in house.table(MONDAY, "arc_hours")} == {199}
    house.receive(new)
    house.process()
    # The same content is the same edition, though another lay between.
    assert house.edition(MONDAY) == first
    assert [run.outcome for run in house.runs(MONDAY)] == ["new", "new", "new"]


def test_of_one_command_the_later_file_wins(house: House) -> None:
    late, early = text_of(rows_of(MONDAY, q="200.0")), text_of(rows_of(MONDAY))
    house.receive(late, received_at=FIRST_RECEIPT, position=1)
    house.receive(early, received_at=FIRST_RECEIPT, position=0)
    house.process()
    assert {one["flow_veh"] for one in house.table(MONDAY, "arc_hours")} == {200}


def test_a_later_row_wins_whole_with_its_nulls(house: House) -> None:
    house.receive(text_of(rows_of(MONDAY)))
    house.receive(text_of(rows_of(MONDAY, 3, q=None, etat_barre="Barré")))
    house.receive(text_of(rows_of(MONDAY, 1, q=None, k=None)))
    house.process()
    first, *rest = house.table(MONDAY, "clean")
    assert (first["flow_veh"], first["occupancy_e5"], first["arc_status"]) == (
        None,
        None,
        "invalid",
    )
    assert [one["flow_veh"] for one in rest[:3]] == [None, None, 199]
    assert rest[0]["occupancy_e5"] == 220_945
    quality = house.summary(MONDAY)["quality"]
    assert (quality["duplicates"], quality["conflicts"]) == (4, 4)
    # Three flows, and the occupancy of the first hour.
    assert quality["withdrawn_values"] == 4
    assert house.check(MONDAY, "duplicates")[0] == "yellow"


def test_the_ledger_says_what_each_run_read_and_wrote(house: House) -> None:
    sha256 = house.receive(text_of(rows_of(MONDAY)))
    house.process()
    house.process()
    new, unchanged = house.runs(MONDAY)
    assert (new.outcome, unchanged.outcome) == ("new", "unchanged")
    assert new.inputs == unchanged.inputs == (sha256,)
    assert new.edition == unchanged.edition == house.edition(MONDAY)
    assert new.counts is not None and new.counts.rows_in == new.counts.published == 24
    stored = {key for key in new.outputs if house.store.objects.size(key) is not None}
    assert stored == set(new.outputs)
    assert len(stored) == 4  # clean, arc_hours, arcs, alerts
    pointer = house.pointer(MONDAY)
    assert pointer is not None and pointer.run_id == new.run_id


def test_what_the_cache_lost_is_read_again(house: House) -> None:
    house.receive(text_of(rows_of(MONDAY)))
    house.process()
    published = house.published()
    for info in list(house.store.objects.list("parts/")):
        house.store.objects.delete(info.key)
    house.store.objects.delete(f"metrics/comptages_metrics_{MONDAY}.json")
    assert house.counts()["editions"]["unchanged"] == 1
    assert house.published() == published


def test_two_runs_at_once_publish_one_edition(house: House) -> None:
    processor = Path(sys.executable).parent / "cityflow-processor"
    command = [processor, "run", "--date", str(MONDAY), "--json"]
    environment = {"PATH": os.environ["PATH"], "OUTPUT_DIR": str(house.folder)}
    for round_ in range(ROUNDS):
        house.receive(text_of(rows_of(MONDAY, q=f"{100 + round_}.0")))
        running = [
            subprocess.Popen(
                command,
                env=environment,
                cwd=house.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        ended = [(process.communicate(timeout=120), process.returncode) for process in running]
        assert [code for _, code in ended] == [0, 0], ended
        runs = house.runs(MONDAY)[-2:]
        assert sorted(run.outcome for run in runs) == ["new", "unchanged"]
        assert {run.edition for run in runs} == {house.edition(MONDAY)}
        assert_whole(house, runs)
        flows = {one["flow_veh"] for one in house.table(MONDAY, "arc_hours")}
        assert flows == {100 + round_}
    documents = [key for key in house.published() if key.startswith("edition ")]
    assert len(documents) == ROUNDS


def test_chunks_of_two_runs_that_say_different_things_stand_side_by_side(house: House) -> None:
    ours, other = (PartsCache(house.store.objects, "comptages", "a" * 64, "10") for _ in range(2))
    manifest = ChunkManifest(1, 1, 0, 0, 0, {str(MONDAY): 1})
    frames = [pl.DataFrame({"arc": ["1"] * count}) for count in (1, 900)]
    rows = pl.DataFrame({"row": [1, 2]})
    first = ours.write_chunk(0, 0, manifest, {"rows": rows, "arcs": frames[0], "keys": rows})
    second = other.write_chunk(0, 0, manifest, {"rows": rows, "arcs": frames[1], "keys": rows})
    held = ours.chunk_manifest(0, 0)
    assert held == second
    for written, frame in ((first, frames[0]), (second, frames[1]), (held, frames[1])):
        read = other.chunk_frames(0, 0, written, {"arcs", "keys", "attributes"})
        assert {name: one.to_dicts() for name, one in read.items()} == {
            "arcs": frame.to_dicts(),
            "keys": rows.to_dicts(),
        }
    ours.drop_chunks()
    assert list(house.store.objects.list("parts/")) == []


def assert_whole(house: House, runs: list[Run]) -> None:
    for run in runs:
        assert all(house.store.objects.size(key) for key in run.outputs)
    summary = house.store.objects.read(f"metrics/comptages_metrics_{MONDAY}.json")
    assert house.edition(MONDAY) in summary.decode()
