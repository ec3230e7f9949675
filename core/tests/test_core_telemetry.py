"""Logs are lines on standard error, in one vocabulary, whoever writes them."""

import json
import logging
from collections.abc import Iterator
from datetime import date, datetime

import pytest

from cityflow import telemetry
from cityflow.settings import Settings


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_json_logs_are_one_document_a_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging(Settings(log_format="json"))
    log = telemetry.get_logger("cityflow.test")
    with telemetry.bound(run_id="r1"):
        log.info("day published", day=date(2025, 3, 30), rows=3)
    log.warning("a\nb", name="é")
    out, err = capsys.readouterr()
    first, second = map(json.loads, err.splitlines())
    assert out == ""
    assert first | {"ts": "", "service": ""} == {
        "event": "day published",
        "day": "2025-03-30",
        "rows": 3,
        "run_id": "r1",
        "level": "info",
        "logger": "cityflow.test",
        "ts": "",
        "service": "",
    }
    assert datetime.fromisoformat(first["ts"]).utcoffset() is not None
    assert (second["event"], second["name"], second["level"]) == ("a\nb", "é", "warning")
    assert "run_id" not in second


def test_other_libraries_come_out_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("INFO", "json")
    logging.getLogger("urllib3").warning("retry %d", 2)
    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["logger"], event["level"]) == ("retry 2", "urllib3", "warning")


def test_text_logs_hold_event_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("INFO", "text")
    telemetry.get_logger("cityflow.test").info("day published", rows=3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "day published" in err
    assert "rows=3" in err
    assert "\x1b" not in err, "no colours off a terminal"


def test_the_level_counts_and_the_last_configuration_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = telemetry.get_logger("cityflow.test")
    telemetry.configure_logging("DEBUG")
    telemetry.configure_logging("WARNING")
    log.info("quiet")
    log.warning("loud")
    assert telemetry.is_configured()
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_an_exception_is_logged_with_its_traceback(
    fmt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure_logging("INFO", fmt)
    try:
        raise OSError("disk gone")
    except OSError:
        telemetry.get_logger("cityflow.test").exception("failed")
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "disk gone" in err
