"""Results alone on standard output; errors one line with their exit code; bugs keep a traceback."""

import errno
import json
import logging
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
import typer
from rich.table import Table

from cityflow import _progress
from cityflow.console import App, print_result, progress, run_cli
from cityflow.errors import (
    BadArguments,
    CityFlowError,
    FileRefused,
    QualityGateRed,
    StoreUnavailable,
    TryAgain,
)
from cityflow.heartbeat import illness
from cityflow.telemetry import configure_logging


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def app_that(act: Callable[[], None]) -> App:
    app = App(help="A test.")

    @app.command()
    def go(count: int = 1) -> None:
        act()

    return app


def raising(error: BaseException) -> App:
    def act() -> None:
        raise error

    return app_that(act)


def exit_code_of(app: typer.Typer, *args: str) -> object:
    with pytest.raises(SystemExit) as ended:
        run_cli(app, args)
    return ended.value.code


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadArguments("no such day"), 2, "error: no such day\n"),
        (FileRefused("a.csv", "an xlsx", "csv"), 3, "error: a.csv: found an xlsx; expected csv\n"),
        (QualityGateRed("range"), 4, "error: range\n"),
        (StoreUnavailable("store"), 5, "error: store\n"),
        (TryAgain("another run"), 75, "error: another run\n"),
        (CityFlowError(), 1, "error: CityFlowError\n"),
        (BadArguments("two\n  lines\x1b[31m"), 2, "error: two lines\\x1b[31m\n"),
    ],
)
def test_a_deliberate_error_is_one_line_and_its_code(
    error: CityFlowError, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(raising(error), "go") == code
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EPERM, "permission denied"),
    ],
)
def test_a_disk_that_refuses_is_the_stores_fault(
    number: int, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = OSError(number, os.strerror(number), "/data/x")
    assert exit_code_of(raising(error), "go") == 5
    assert capsys.readouterr().err.startswith(f"error: /data/x: {hint}; ")


def test_a_full_device_is_named_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    def fill() -> None:
        with Path("/dev/full").open("w") as device:
            device.write("x")

    assert exit_code_of(app_that(fill), "go") == 5
    assert capsys.readouterr().err.startswith("error: the disk is full; ")


def test_wrong_usage_is_two_and_help_is_zero(capsys: pytest.CaptureFixture[str]) -> None:
    app = app_that(lambda: None)
    assert exit_code_of(app, "stop") == 2
    assert "No such command 'stop'" in capsys.readouterr().err
    assert exit_code_of(app, "go", "--count", "x") == 2
    assert "Invalid value for '--count'" in capsys.readouterr().err
    assert exit_code_of(app) == 2
    assert exit_code_of(app, "--help") == 0
    assert "go" in capsys.readouterr().out


def test_a_command_ends_with_zero_or_the_code_it_asks_for() -> None:
    assert exit_code_of(app_that(lambda: None), "go") == 0
    assert exit_code_of(raising(typer.Exit(4)), "go") == 4


def test_an_interrupt_is_130_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(raising(KeyboardInterrupt()), "go") == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: interrupted")


SCRIPT = """
from cityflow.console import App
app = App(help="A test.")
@app.command()
def go() -> None:
    {act}
app()
"""


def script(act: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT.format(act=act), "go"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_command_at_work_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, said = tmp_path / "heartbeat", []
    monkeypatch.setenv("HEARTBEAT_FILE", str(file))
    monkeypatch.setenv("CITYFLOW_LOG_LEVEL", "no level, which the command itself may say")

    with pytest.raises(SystemExit):
        app_that(lambda: said.append(illness(file)))(["go"])

    assert said == [None]


def test_a_bug_keeps_its_traceback_and_is_one() -> None:
    run = script("{}['missing']")
    assert run.returncode == 1
    assert "Traceback" in run.stderr
    assert "KeyError: 'missing'" in run.stderr
    assert run.stdout == ""


def test_a_console_script_reports_its_error() -> None:
    run = script("from cityflow.errors import TryAgain; raise TryAgain('later')")
    assert (run.returncode, run.stdout, run.stderr) == (75, "", "error: later\n")


def test_a_result_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"day": date(2025, 3, 30), "path": Path("a"), "label": "É\udcff", "rows": 3}
    print_result(result, [Table("ignored")], as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "day": "2025-03-30",
        "path": "a",
        "label": "É\udcff",
        "rows": 3,
    }
    assert err == ""
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_result({"x": float("nan")}, [], as_json=True)


def test_tables_are_not_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", "text")
    table.add_row("a", "word " * 30)
    print_result({}, [table, table], as_json=False)
    assert capsys.readouterr().out.count("word " * 30) == 2


def test_short_work_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    with progress("Reading", total=3, unit="files") as step:
        for _ in range(3):
            step.advance()
    assert (step.done, step.total) == (3, 3)
    assert capsys.readouterr() == ("", "")


def test_long_work_writes_lines_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logging("INFO", "json")
    monkeypatch.setattr(_progress, "FIRST_LINE_AFTER_S", 0.0)
    with progress("Reading", unit="rows") as step:
        step.total = 8000
        for _ in range(8):
            step.advance(1000)
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert [(line["event"], line["done"], line["total"]) for line in lines] == [
        ("Reading", 1000, 8000),
        ("Reading", 8000, 8000),
    ]


def test_threads_may_advance_together() -> None:
    with progress("Counting") as step:

        def count() -> None:
            for _ in range(2000):
                step.advance()

        workers = [Thread(target=count) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert step.done == 8000


BAR = """
import sys, time
from cityflow.console import progress, print_result
from cityflow.telemetry import configure_logging, get_logger
configure_logging("INFO")
with progress("Days", total=1), progress("Reading files", total=4, unit={unit!r}) as step:
    for _ in range(4):
        step.advance()
    get_logger("x").info("noted")
print_result({{"rows": 4}}, [], as_json=True)
"""


@pytest.mark.parametrize(("unit", "shown"), [("files", "4/4"), ("bytes", "4/4 bytes")])
def test_a_terminal_gets_a_bar_and_stdout_stays_clean(unit: str, shown: str) -> None:
    reader, writer = pty.openpty()
    environ = os.environ | {"COLUMNS": "100", "TERM": "xterm"}
    run = subprocess.Popen(
        [sys.executable, "-c", BAR.format(unit=unit)],
        stdout=subprocess.PIPE,
        stderr=writer,
        env=environ,
    )
    os.close(writer)
    seen = b""
    try:
        while chunk := os.read(reader, 4096):
            seen += chunk
    except OSError as ended:  # Linux ends a terminal whose writers are gone with EIO
        assert ended.errno == errno.EIO
    finally:
        os.close(reader)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert json.loads(out) == {"rows": 4}
    assert all(text in seen.decode() for text in ("Days", "Reading files", shown, "noted"))


def test_importing_the_console_and_settings_stays_light() -> None:
    heavy = ("rich.progress", "shapely", "pyproj", "holidays", "numpy", "structlog", "polars")
    code = (
        "import sys, cityflow.console, cityflow.settings;"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
