"""Profile `observe`: Prometheus reads the API, and knows the rules; a stack that is well is quiet.

The image `prom/prometheus` needs a registry: its place takes one with Debian's package.
"""

import json
import os
from pathlib import Path
from typing import Any

import compose_stack
import pytest
from compose_stack import Stack, docker, wait

pytestmark = pytest.mark.containers

IMAGE = """
FROM python:3.13-slim
RUN apt-get -qq update && apt-get -qq install --yes --no-install-recommends prometheus >/dev/null \
 && install --directory --owner=65534 --group=65534 /prometheus
ENTRYPOINT ["prometheus"]
"""
ASK = """
import sys
from urllib.request import urlopen
print(urlopen("http://localhost:9090/api/v1/" + sys.argv[1], timeout=10).read().decode())
"""


def told(stack: Stack, path: str) -> dict[str, Any]:
    """What Prometheus answers, asked from inside: it publishes no port."""
    prometheus = stack.container("prometheus")["Id"]
    answer = json.loads(docker("exec", prometheus, "python", "-c", ASK, path))
    assert answer["status"] == "success"
    found: dict[str, Any] = answer["data"]
    return found


def figure(stack: Stack, query: str) -> dict[str, float]:
    """The values of a query by dataset."""
    result = told(stack, f"query?query={query}")["result"]
    return {one["metric"].get("dataset", ""): float(one["value"][1]) for one in result}


def test_prometheus_sees_what_is_published_and_warns_of_nothing(tmp_path: Path) -> None:
    image = f"cityflow/prometheus-of-debian:{os.environ.get('TAG', 'latest')}"
    docker("build", "--quiet", "--tag", image, "-", input=IMAGE)
    try:
        with compose_stack.stack(
            tmp_path, "demo,observe", SIMULATOR_ARCS="40", PROMETHEUS_IMAGE=image
        ) as stack:
            stack.up()
            day = "cityflow_newest_day_end_timestamp_seconds"
            wait(lambda: {"comptages", "report"} <= figure(stack, day).keys(), 300, "days are seen")
            (target,) = told(stack, "targets")["activeTargets"]
            groups = told(stack, "rules")["groups"]
            firing = stack.make("alerts")
            ports = stack.container("prometheus")["HostConfig"]["PortBindings"]

        assert target["health"] == "up"
        assert {group["name"] for group in groups} == {"cityflow-api", "cityflow-data"}
        assert not [rule for group in groups for rule in group["rules"] if rule["health"] == "err"]
        assert firing.returncode == 0, firing.stderr
        assert firing.stdout.strip() == "no alert"
        assert not ports
    finally:
        docker("image", "rm", "--force", image)
