"""`cityflow doctor`: what is set, what follows, and whether it works."""

import threading
import time
from pathlib import Path

import pytest
from admin_support import Command, doctors_error

from cityflow.admin.probes import Probe, Tried, probes, try_all
from cityflow.errors import StoreUnavailable
from cityflow.settings import Settings, env_name

NOBODY = "127.0.0.1:9"  # the port "discard": nobody listens
PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityflow.admin.probes.PATIENCE_SECONDS", 0.3)


def test_all_is_well_and_nothing_is_left(cityflow: Command, tmp_path: Path) -> None:
    assert cityflow("doctor", "--json") == 0
    found = cityflow.result
    assert found["well"] is True
    assert [one["name"] for one in found["connections"]] == ["sqlite", "local", "local"]
    for one in found["connections"]:
        assert one["well"] is True
        assert one["error"] is None
        assert list(one["milliseconds"]) == ["write", "read", "delete"]
        assert all(value >= 0 for value in one["milliseconds"].values())
    assert str(tmp_path / "here" / "cityflow.db") in {one["where"] for one in found["connections"]}
    left = [path for path in (tmp_path / "here").rglob("*") if path.is_file()]
    assert {path.name.partition(".")[0] for path in left} == {"cityflow"}


def test_it_prints_values_origins_and_choice(
    cityflow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_PORT", "9000")
    monkeypatch.setenv("MONGODB_URL", f"mongodb://user:{PASSWORD}@{NOBODY}")
    assert cityflow("doctor") == 5
    assert PASSWORD not in cityflow.out + cityflow.error
    row = next(line for line in cityflow.out.splitlines() if " API_PORT " in line)
    assert [cell.strip() for cell in row.split("│")[1:4]] == ["API_PORT", "9000", "environment"]
    assert "MONGODB_URL is set" in cityflow.out
    assert NOBODY in cityflow.error
    for field in Settings.model_fields:
        assert f" {env_name(field)} " in cityflow.out


def test_as_json_it_is_alone_on_standard_output_even_if_something_is_wrong(
    cityflow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URL", f"mongodb://user:{PASSWORD}@{NOBODY}")
    assert cityflow("doctor", "--json") == 5
    found = cityflow.result
    rows = {row["name"]: (row["value"], row["origin"]) for row in found["settings"]}
    assert rows["MONGODB_URL"] == ("***", "environment")
    assert rows["API_HOST"] == ("127.0.0.1", "default")
    assert found["backends"]["database"] == "mongodb"
    assert found["well"] is False
    assert [one["well"] for one in found["connections"]] == [False, True, True]
    assert NOBODY in found["connections"][0]["error"]
    assert PASSWORD not in cityflow.out


def test_a_bad_value_is_named(cityflow: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PORT", "x")
    assert cityflow("doctor") == 2
    assert cityflow.out == ""
    assert cityflow.error.startswith("error: API_PORT='x' (environment) cannot be used: ")
    assert cityflow.error.count("\n") == 1


def test_a_setting_that_is_missing_is_no_fault_of_the_store(
    cityflow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_TYPE", "mongodb")
    assert cityflow("doctor") == 2
    assert "needs MONGODB_URL" in cityflow.error


def test_a_folder_that_cannot_be_written_is_said(
    cityflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "file"))
    assert cityflow("doctor", "--json") == 5
    assert not any(one["well"] for one in cityflow.result["connections"])


def test_every_table_and_bucket_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        use_dynamodb=True,
        use_s3=True,
        s3_bucket_raw="raw-bucket",
        engine="dask",
        dask_scheduler_address="tcp://scheduler:8786",
    )
    assert [(probe.name, probe.where) for probe in probes(settings)] == [
        ("dynamodb", "table cityflow-metrics"),
        ("dynamodb", "table cityflow-reports"),
        ("dynamodb", "table cityflow-runs"),
        ("s3", "raw-bucket, raw/"),
        ("s3", "cityflow-reports-paris, metrics/"),
        ("dask", "tcp://scheduler:8786"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"MONGODB_URL": f"mongodb://{NOBODY}"},
        {"USE_DYNAMODB": "1", "USE_S3": "1", "AWS_ENDPOINT_URL": f"http://{NOBODY}"},
        {"ENGINE": "dask", "DASK_SCHEDULER_ADDRESS": f"tcp://{NOBODY}"},
    ],
    ids=["mongodb", "aws", "dask"],
)
def test_a_wrong_address_is_said_in_under_five_seconds(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    said = doctors_error(tmp_path, wrong)
    assert "refused" in said or "no connection" in said


def test_one_that_hangs_keeps_nobody_waiting() -> None:
    for_ever = threading.Event()
    hanging = Probe("hangs", "somewhere", lambda tried: for_ever.wait() and None)

    def fail(tried: Tried) -> None:
        with tried.step("write"):
            pass
        raise StoreUnavailable("broken")

    started = time.monotonic()
    tried = try_all([hanging, Probe("breaks", "x", fail), hanging], deadline_seconds=0.2)
    assert time.monotonic() - started < 2
    for_ever.set()
    assert [str(one.error)[:6] for one in tried] == ["no ans", "broken", "no ans"]
    assert list(tried[1].steps) == ["write"]


def test_a_drivers_own_fault_is_told_too() -> None:
    def fault(tried: Tried) -> None:
        raise ZeroDivisionError("x")

    (tried,) = try_all([Probe("odd", "here", fault)])
    assert str(tried.error) == "here: ZeroDivisionError: x"
