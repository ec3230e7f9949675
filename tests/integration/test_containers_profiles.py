"""The other ways to start the stack: on DynamoDB and S3, on one machine of AWS, on real sources.

moto stands in for AWS. No real source is asked: there is no way out.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import compose_stack
import pytest
from compose_stack import DEMO_NOW, Stack, wait
from store_servers import LOGIN, ROOT

pytestmark = pytest.mark.containers

FEW_ARCS = "40"
COMPOSE = ROOT / "deploy/compose/compose.yaml"
COMPOSE_AWS = ROOT / "deploy/compose/compose.aws.yaml"
WHERE = """
import json
from pathlib import Path
from cityflow.settings import Settings, choose_backends
from cityflow.storage import Editions, open_store
settings = Settings.load()
with open_store(settings) as store:
    pointers = [len(list(Editions(store).pointers(name))) for name in ("comptages", "report")]
    tables = len(list(store.objects.list("metrics/comptages/")))
backends = choose_backends(settings)
here = [path.name for path in Path("/data").iterdir()]
print(json.dumps([backends.database, backends.objects, here, min(pointers), tables]))
"""
ON_AWS = {
    "AWS_ENDPOINT_URL": "http://moto:5000",
    "AWS_CREATE_MISSING": "true",
    **{name: LOGIN[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")},
}
SOURCES = (
    "OPENDATASOFT_HOSTS",
    "SCHOOL_CALENDAR_URL",
    "PRIM_URL",
    "IDFM_URL",
    "OPEN_METEO_URL",
    "CALENDAR_URL",
)
STAND_INS = {
    **dict.fromkeys(SOURCES, "http://simulator:8100"),
    "GBFS_URL": "http://simulator:8100/opendata/Velib_Metropole",
}


def shows_a_day(stack: Stack) -> bool:
    return stack.api("/readyz").json()["newest_day"] is not None


def test_a_day_flows_through_dynamodb_and_s3(tmp_path: Path) -> None:
    with compose_stack.stack(
        tmp_path, "aws-local", SIMULATOR_NOW=DEMO_NOW, SIMULATOR_ARCS=FEW_ARCS
    ) as stack:
        stack.up()
        wait(lambda: shows_a_day(stack), 180, "a day is published")
        wait(lambda: reports(stack, "processor-aws") > 0, 120, "a day is reported")
        database, objects, here, _, tables = json.loads(stack.inside("processor-aws", WHERE))

    assert (database, objects) == ("dynamodb", "s3")
    assert here == []
    assert tables > 3


def reports(stack: Stack, service: str) -> int:
    """Days of which both metrics and report are published."""
    return int(json.loads(stack.inside(service, WHERE))[3])


def test_one_machine_of_aws_shows_a_day(tmp_path: Path) -> None:
    services = ("ingest", "processor", "reporter", "api")
    outside = {
        name: {
            "extends": {"file": str(COMPOSE), "service": name},
            "profiles": ["around"],
            "networks": ["outgoing"],
        }
        for name in ("moto", "simulator")
    }
    ours = {name: {"environment": ON_AWS} for name in services}
    ours["ingest"] = {"environment": {**ON_AWS, **STAND_INS, "CITYFLOW_NOW": DEMO_NOW}}
    override = tmp_path / "override.yaml"
    around = {"services": {**outside, **ours}, "networks": {"inner": {"internal": True}}}
    override.write_text(json.dumps(around), encoding="utf-8")
    with on_one_machine(tmp_path, override) as stack:
        wait(lambda: shows_a_day(stack), 180, "a day is published")


@contextmanager
def on_one_machine(folder: Path, override: Path) -> Iterator[Stack]:
    """compose.aws.yaml with something laid over it, as it is started there; removed at the end."""
    with compose_stack.stack(
        folder, SIMULATOR_NOW=DEMO_NOW, SIMULATOR_ARCS=FEW_ARCS,
        S3_BUCKET_RAW="raw-of-a-test", S3_BUCKET_REPORTS="reports-of-a-test",
    ) as stack:  # fmt: skip
        files = ("--file", str(COMPOSE_AWS), "--file", str(override))

        def compose(*arguments: str) -> None:
            done = subprocess.run(
                ["docker", "compose", *files, "--profile", "around", *arguments],
                env=stack.environ, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr

        try:
            compose("up", "--detach", "--wait", "moto", "simulator")
            compose("up", "--detach", "--wait")
            yield stack
        finally:
            compose("down", "--volumes", "--timeout", "5")


def test_live_without_its_sources_says_so_stays_well_and_goes_on(tmp_path: Path) -> None:
    override = tmp_path / "no-way-out.yaml"
    override.write_text(json.dumps({"networks": {"outgoing": {"internal": True}}}), "utf-8")
    with compose_stack.stack(tmp_path, "live", OVERRIDE=str(override)) as stack:
        stack.up()
        fetch = stack.once("ingest-live", "fetch", "--dataset", "comptages", check=False)
        wait(lambda: "not asked for" in said(stack), 180, "its sources are given up for now")
        ingest = stack.container("ingest-live")

        assert fetch.returncode == 3
        (error,) = [line for line in fetch.stderr.splitlines() if line.startswith("error:")]
        assert "comptages" in error
        assert "cannot be reached" in said(stack)
        assert "Traceback" not in said(stack) + fetch.stderr
        assert ingest["RestartCount"] == 0
        assert stack.is_healthy("ingest-live", "processor", "reporter", "api", "dashboard")
        assert stack.api("/readyz").json()["newest_day"] is None


def said(stack: Stack) -> str:
    """The log of ingest."""
    return stack.compose("logs", "--no-log-prefix", "ingest-live").stdout
