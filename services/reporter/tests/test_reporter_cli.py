"""The command as people and schedulers meet it: tables, one JSON document, exit codes."""

import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from cityflow.console import run_cli
from cityflow.errors import StoreUnavailable
from cityflow_reporter.main import app
from cityflow_reporter.pending import Turns
from cityflow_reporter.publish import Reporter


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def reporter(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def call(*args: str, output: Path = tmp_path / "output") -> Done:
        monkeypatch.setenv("OUTPUT_DIR", str(output))
        with pytest.raises(SystemExit) as end:
            run_cli(app, args)
        captured = capsys.readouterr()
        return Done(int(end.value.code or 0), captured.out, captured.err)

    return call


def test_the_installed_command_answers_alone_on_standard_output(tmp_path):
    command = Path(sys.executable).with_name("cityflow-reporter")
    done = subprocess.run(
        [command, "run", "--date", "2025-03-30", "--json"],
        env={"PATH": os.environ["PATH"], "OUTPUT_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert json.loads(done.stdout)["datasets"]["report"]["days"] == 1
    assert b"day reported" in done.stderr


def test_json_counts_days_editions_and_what_is_missing(reporter, samples, publish_roads):
    publish_roads(samples.roads())
    first = reporter("run", "--date", "2025-03-30", "--json")
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout)["datasets"]["report"]
    assert result["days"] == 1
    assert result["editions"] == {"new": 1, "unchanged": 0, "red": 0}
    assert "comptages" not in result["missing"]
    assert Path(result["reports"][0]["files"]["json"]).is_file()
    again = json.loads(reporter("run", "--date", "2025-03-30", "--json").stdout)
    assert again["datasets"]["report"]["editions"] == {"new": 0, "unchanged": 1, "red": 0}


def test_a_range_ends_with_a_table_of_its_days(reporter, samples, publish_roads):
    publish_roads(samples.roads())
    done = reporter("run", "--from", "2025-03-29", "--to", "2025-03-31")
    assert done.returncode == 0, done.stderr
    for word in ("2025-03-29", "2025-03-31", "1,234,567", "43%", "never processed: roads_analysis"):
        assert word in done.stdout
    assert "daily_report_2025-03-31.json" in done.stdout


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ((), "--date D, or both --from D and --to D"),
        (("--from", "2025-03-30"), "--date D, or both"),
        (("--date", "2025-03-30", "--to", "2025-03-31"), "--date D, or both"),
        (("--from", "2025-03-31", "--to", "2025-03-30"), "swap them"),
        (("--date", "30/03/2025"), "30/03/2025"),
    ],
)
def test_wrong_arguments_end_with_2_and_one_clear_line(reporter, args, found):
    done = reporter("run", *args)
    assert done.returncode == 2
    assert found in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unreadable_store_ends_with_5(reporter, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    done = reporter("run", "--date", "2025-03-30", output=tmp_path / "file")
    assert done.returncode == 5
    assert "Traceback" not in done.stderr


def test_pending_reports_what_is_new_and_ends(reporter, samples, publish_roads):
    publish_roads(samples.roads())
    days = [reporter("run", "--pending", "--json") for _ in range(2)]

    assert [json.loads(done.stdout)["datasets"]["report"]["days"] for done in days] == [1, 0]
    assert reporter("run", "--pending", "--date", "2025-03-30").returncode == 2


def test_watching_takes_no_days(reporter):
    done = reporter("run", "--watch", "--date", "2025-03-30")
    assert done.returncode == 2
    assert "leave out --date, --from and --to" in done.stderr


def test_watching_reports_what_is_published_and_ends_when_asked(
    store, settings, samples, publish_roads, tmp_path
):
    publish_roads(samples.roads())
    command = [Path(sys.executable).with_name("cityflow-reporter"), "run", "--watch"]
    environ = {"PATH": os.environ["PATH"], "OUTPUT_DIR": str(settings.output_dir)}
    written = settings.output_dir / "reports" / "daily_report_2025-03-30.json"
    with subprocess.Popen(command, env=environ, cwd=tmp_path) as process:
        try:
            deadline = time.monotonic() + 60
            while not written.exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            asked_at = time.monotonic()
            process.terminate()
            assert process.wait(10) == 0
            assert time.monotonic() - asked_at < 10
        finally:
            process.kill()


def test_a_turn_reports_only_days_whose_editions_are_new(store, samples, publish_roads):
    turns, reported = Turns(), []

    def take(turns: Turns) -> list[date]:
        reported.clear()
        turns.take(store, reported.extend)
        for day in reported:
            Reporter(store).report(day)
        return list(reported)

    publish_roads(samples.roads())
    assert take(turns) == [date(2025, 3, 30)]
    assert take(turns) == []
    assert take(Turns()) == []
    publish_roads(samples.roads(edition="f" * 20))
    assert take(turns) == [date(2025, 3, 30)]


def test_a_turn_that_fails_is_taken_again(store, samples, publish_roads):
    turns, reported = Turns(), []
    publish_roads(samples.roads())

    def fail(days):
        raise StoreUnavailable("the disk is full")

    with pytest.raises(StoreUnavailable):
        turns.take(store, fail)
    turns.take(store, reported.extend)
    assert reported == [date(2025, 3, 30)]
