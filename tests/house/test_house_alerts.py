"""Alert rules speak of figures that the API really gives, and the runbook of every alert."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cityflow.settings import Settings
from cityflow.storage import Candidate, Editions, Runs, open_store
from cityflow_api.app import create_app

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/compose/prometheus"
METRIC = re.compile(r"\bcityflow_[a-z_]+")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the API shows once something ran and was published."""
    settings = Settings(output_dir=tmp_path_factory.mktemp("store"))
    day, now = date(2025, 10, 9), datetime(2025, 10, 11, 4, tzinfo=UTC)
    with open_store(settings) as store:
        run = Runs(store).start("process", "comptages", day, now)
        Runs(store).finish(run, "new", now)
        candidate = Candidate(
            dataset="comptages", day=day, edition="1" * 20, document={"schema_version": 1},
            status="published", records=1, run_id=run.run_id, now=now, expected=0,
        )  # fmt: skip
        assert Editions(store).publish(candidate) == "new"
        client = create_app(settings, store).test_client()
        client.get("/v1/days")
        return client.get("/metrics").text


def test_every_figure_of_a_rule_is_exposed(exposed: str) -> None:
    held = set(re.findall(r"^(cityflow_\w+?)(?:\{| )", exposed, re.MULTILINE))
    named = {name for rule in rules() for name in METRIC.findall(rule["expr"])}

    assert len(named) > 6
    assert named - held == set()


def test_every_label_and_outcome_of_a_rule_exists(exposed: str) -> None:
    for rule in rules():
        for name, labels in re.findall(r"(cityflow_\w+)\{([^}]*)\}", rule["expr"]):
            lines = re.findall(rf"^{name}\{{(.*?)\}} ", exposed, re.MULTILINE)
            for label, how, value in re.findall(r'(\w+)(=~|!~|=)"([^"]*)"', labels):
                values = {
                    found for line in lines for found in re.findall(rf'{label}="([^"]*)"', line)
                }
                assert values, (rule["alert"], label)
                if how == "=" and label == "outcome":
                    assert value in values


def test_its_job_is_the_one_that_is_scraped() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    named = {found for rule in rules() for found in re.findall(r'job="([^"]+)"', rule["expr"])}

    assert named == {job["job_name"]}


def test_every_alert_is_tested_and_stands_in_the_runbook() -> None:
    runbook = (ROOT / "docs/operations.md").read_text()
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    fired = {
        one["alertname"]
        for test in tests
        for one in test.get("alert_rule_test", [])
        if one["exp_alerts"]
    }
    for rule in rules():
        assert rule["alert"] in fired
        assert f"| `{rule['alert']}` |" in runbook
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
