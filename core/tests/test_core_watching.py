"""The loop ends when it is asked to, and by nothing that the next turn may mend."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cityflow.errors import BadArguments, SourceError, StoreUnavailable
from cityflow.heartbeat import State, beat, illness, main
from cityflow.watching import clock, watch

CODE = """
import time
from cityflow.telemetry import configure_logging
from cityflow.watching import watch
configure_logging()
def turn():
    print("turn", flush=True)
    time.sleep({seconds})
watch(turn, {pause})
print("done", flush=True)
"""


@pytest.mark.parametrize(("seconds", "pause"), [(60, 0), (0, 60)])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_turn_or_a_pause_with_code_0(
    seconds: int, pause: int, number: signal.Signals
) -> None:
    code = CODE.format(seconds=seconds, pause=pause)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"turn\n"
        started = time.monotonic()
        process.send_signal(number)
        out, _ = process.communicate(timeout=10)

    assert process.returncode == 0
    assert out == b"done\n"
    assert time.monotonic() - started < 10


def take(errors: list[Exception | None]) -> list[int]:
    """Turns that end so, one after the other; then the process is asked to end."""
    taken: list[int] = []

    def turn() -> None:
        taken.append(len(taken))
        if not errors:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        elif error := errors.pop(0):
            raise error

    watch(turn, 0)
    return taken


def test_after_a_turn_that_failed_the_next_one_is_taken() -> None:
    handler = signal.getsignal(signal.SIGTERM)
    assert take([SourceError("no such host"), None]) == [0, 1, 2]
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.parametrize("error", [BadArguments("no such tenant"), ZeroDivisionError("a bug")])
def test_what_no_turn_would_mend_ends_the_loop(error: Exception) -> None:
    with pytest.raises(type(error)):
        take([error])


def test_a_clock_starts_where_it_is_told_and_goes_on() -> None:
    start = datetime(2025, 11, 6, 8, tzinfo=UTC)
    told = clock(start)
    first = told()
    time.sleep(0.01)

    assert start <= first < told() < start + timedelta(seconds=30)
    assert abs(clock()() - datetime.now(UTC)) < timedelta(seconds=30)


def states(error: Exception, folder: Path) -> list[str | None]:
    """What a health check says before, during and after a turn that ends so, and after the next."""
    file, said = folder / "heartbeat", [illness(folder / "heartbeat")]
    errors: list[Exception | None] = [error, None]

    def turn() -> None:
        said.append(illness(file))
        if not errors:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        elif failing := errors.pop(0):
            raise failing

    def rest(seconds: float) -> None:
        said.append(illness(file))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cityflow.watching.time.sleep", rest)
        watch(turn, 0, file)
    return said


def test_a_store_that_fails_is_an_illness_until_a_turn_succeeds(tmp_path: Path) -> None:
    before, *during = states(StoreUnavailable("no connection"), tmp_path)

    assert before
    assert "has not begun" in before
    assert during[:4] == [None, "no connection", None, None]


def test_a_source_that_fails_is_no_illness_of_the_service(tmp_path: Path) -> None:
    assert states(SourceError("gone"), tmp_path)[1:4] == [None, None, None]


@pytest.mark.parametrize(("state", "hours"), [("resting", 0.1), ("failed", 0.1), ("working", 13)])
def test_a_loop_that_no_longer_turns_is_an_illness(
    state: State, hours: float, tmp_path: Path
) -> None:
    file = tmp_path / "heartbeat"
    beat(file, state)
    assert illness(file) is None
    long_ago = time.time() - hours * 3600
    os.utime(file, (long_ago, long_ago))

    assert "no longer turns" in (illness(file) or "")


def test_the_health_check_is_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "heartbeat"
    assert main([str(file)]) == 1
    beat(file, "resting")
    assert main([str(file)]) == 0
    assert capsys.readouterr().out.endswith("\nwell\n")


def test_a_heartbeat_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    beat(tmp_path / "no" / "heartbeat", "working")
    beat(None, "working")
    assert not list(tmp_path.iterdir())
