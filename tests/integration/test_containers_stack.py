"""The stack that `make up` starts: its walls, and its data through all that happens.

The tests build on one another, in this order. mongo is the image `mongo:7` or its local stand-in.
"""

import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import compose_stack
import pytest
from compose_stack import DEMO_NOW, SERVICES, Look, Stack, docker, wait
from store_servers import LOOPBACK, ROOT

pytestmark = pytest.mark.containers

DAYS = [date(2025, 10, 27) + timedelta(days=n) for n in range(11)]
OURS = [name for name in SERVICES if name != "mongo"]
STOP_SECONDS = 10


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with compose_stack.stack(folder, SIMULATOR_NOW=DEMO_NOW, SIMULATOR_ARCS="60") as made:
        made.up()
        wait(lambda: made.has_reported(*DAYS), 300, "all days are reported")
        yield made


def lost(before: Look, after: Look) -> list[str]:
    """Pointers that are gone, and files of editions (they never change) that are gone or differ."""
    gone = [name for name in before["pointers"] if name not in after["pointers"]]
    fixed = {name: value for name, value in before["files"].items() if "/dt=" in name}
    return gone + [name for name, value in fixed.items() if after["files"].get(name) != value]


@pytest.mark.parametrize("service", SERVICES)
def test_no_container_runs_as_root_or_can_write_to_its_root(stack: Stack, service: str) -> None:
    said = docker(
        "exec", stack.container(service)["Id"], "sh", "-c",
        "id -u; id -g; touch /probe /usr/probe 2>&1; grep -E 'CapEff|NoNewPrivs' /proc/1/status",
    )  # fmt: skip
    user = "999" if service == "mongo" else "10001"

    assert said.startswith(f"{user}\n{user}\n")
    assert said.count("Read-only file system") == 2
    assert re.search(r"CapEff:\s+0{16}\n", said)
    assert re.search(r"NoNewPrivs:\s+1\n", said)


@pytest.mark.parametrize("service", OURS)
def test_no_image_holds_build_tools_or_caches(stack: Stack, service: str) -> None:
    code = "import importlib.util as u, shutil; print(u.find_spec('pip'), shutil.which('gcc'))"
    if service == "ingest":  # it needs neither tables nor a web server
        code += "; print(u.find_spec('polars'), u.find_spec('flask'))"
    assert set(stack.inside(service, code).split()) == {"None"}


@pytest.mark.parametrize("service", OURS)
def test_every_image_says_what_it_is(stack: Stack, service: str) -> None:
    config = stack.container(service)["Config"]
    label = {name.rpartition(".")[2]: value for name, value in config["Labels"].items()}
    version = tomllib.loads((ROOT / "core/pyproject.toml").read_text())["project"]["version"]

    assert label["title"] == f"cityflow-{service}"
    assert label["version"] == version
    assert re.fullmatch(r"[0-9a-f]{40}", label["revision"])
    assert label["source"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == [f"cityflow-{service}"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_has_its_limits_and_comes_back(stack: Stack, service: str) -> None:
    host = stack.container(service)["HostConfig"]

    assert min(host["Memory"], host["NanoCpus"], host["PidsLimit"]) > 0
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["CapDrop"] == ["ALL"]


def test_only_api_and_dashboard_publish_a_port_and_on_loopback(stack: Stack) -> None:
    published = {
        service: [
            (port["HostIp"], port["HostPort"])
            for ports in stack.container(service)["HostConfig"]["PortBindings"].values()
            for port in ports
        ]
        for service in SERVICES
    }

    assert published.pop("api") == [(LOOPBACK, str(stack.api_port))]
    assert published.pop("dashboard") == [(LOOPBACK, str(stack.dashboard_port))]
    assert not any(published.values())


def test_database_and_workers_have_no_way_out(stack: Stack) -> None:
    for service in ("mongo", "simulator", "ingest", "processor", "reporter"):
        for network in stack.container(service)["NetworkSettings"]["Networks"]:
            internal = docker("network", "inspect", "--format", "{{.Internal}}", network)
            assert internal.strip() == "true"
    try_it = "import socket; socket.create_connection(('mongo', 27017), 3)"
    with pytest.raises(AssertionError, match=r"gaierror|timed out"):
        stack.inside("dashboard", try_it)


def test_the_api_may_only_read(stack: Stack) -> None:
    write = """
from datetime import date
from pathlib import Path
from cityflow.errors import StoreUnavailable
from cityflow.settings import Settings
from cityflow.storage import DocumentId
from cityflow.storage.factory import open_documents
try:
    documents = open_documents(Settings.load())
    documents.put(DocumentId("probe", date(2025, 1, 1), "a"), {"schema_version": 1})
except StoreUnavailable as error:
    print(error)
try:
    Path("/data/probe").touch()
except OSError as error:
    print(error)
"""
    said = stack.inside("api", write)
    assert "may not do this" in said
    assert "Read-only file system" in said


def test_no_secret_is_in_an_environment_or_a_log(stack: Stack) -> None:
    folder = stack.state / "secrets"
    kept = [(folder / name).read_text() for name in ("mongo_root_password", "mongo_password")]
    told = [str(stack.container(service)["Config"]) for service in SERVICES]
    told.append(stack.compose("logs").stdout)

    assert not [secret for secret in kept for text in told if secret in text]


def test_containers_end_as_asked_and_their_restart_loses_nothing(stack: Stack) -> None:
    before = stack.look()
    for service in SERVICES:
        identity = stack.container(service)["Id"]
        started = time.monotonic()
        docker("stop", "--time", "60", identity)
        took = time.monotonic() - started

        assert stack.container(service)["State"]["ExitCode"] == 0, service
        assert took < STOP_SECONDS, service
        docker("start", identity)
        wait(partial(stack.is_healthy, service), 90, f"{service} is well after its restart")
    wait(lambda: stack.is_healthy(*SERVICES), 90, "all are well after all restarts")

    assert lost(before, stack.look()) == []


def test_mongo_killed_in_the_middle_of_a_run_costs_nothing(stack: Stack) -> None:
    before = stack.look()
    run = subprocess.Popen(
        ["make", "--no-print-directory", "backfill", f"FROM={DAYS[0]}", f"TO={DAYS[-1]}"],
        cwd=ROOT, env=stack.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stderr is not None
    assert any('"event": "fetched"' in line for line in run.stderr)  # the first of the days
    stack.kill("mongo")
    assert run.poll() is None
    _, said = run.communicate(timeout=300)

    assert run.returncode == 0, said
    assert lost(before, stack.look()) == []


def test_a_wrong_password_is_said_in_a_line(stack: Stack, tmp_path: Path) -> None:
    wrong = tmp_path / "url"
    wrong.write_text(
        (stack.state / "secrets/mongodb_url").read_text().replace("cityflow:", "cityflow:x")
    )
    done = stack.compose(
        "run", "--rm", "--no-deps", "--no-TTY", "--volume", f"{wrong}:/wrong:ro",
        "--env", "MONGODB_URL_FILE=/wrong", "processor", "run", "--date", str(DAYS[0]), check=False,
    )  # fmt: skip

    assert done.returncode == 5
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "it refused the login" in error
    assert wrong.read_text() not in done.stdout + done.stderr


def test_secrets_that_are_not_those_of_the_volume_are_said(stack: Stack, tmp_path: Path) -> None:
    shutil.copytree(stack.state, tmp_path / "state")
    (tmp_path / "state/secrets/mongo_root_password").chmod(0o600)
    (tmp_path / "state/secrets/mongo_root_password").write_text("another")
    done = stack.compose(
        "run", "--rm", "--no-deps", "--no-TTY", "mongo-prepare", check=False,
        STATE=str(tmp_path / "state"),
    )  # fmt: skip

    assert done.returncode == 5
    assert "the one that its volume was made with" in done.stderr


def test_a_full_volume_is_said_and_a_larger_one_goes_on(stack: Stack) -> None:
    name = f"{stack.project}-small"
    days = ("--from", str(DAYS[0]), "--to", str(DAYS[-1]))

    def fetch(megabytes: float) -> "subprocess.CompletedProcess[str]":
        size = f"type=tmpfs,device=tmpfs,o=size={int(megabytes * 1024)}k,,uid=10001,gid=10001"
        options = [part for one in size.split(",", 2) for part in ("--opt", one.replace(",,", ","))]
        docker("volume", "create", "--driver", "local", *options, name)
        try:
            return stack.compose(
                "run", "--rm", "--no-deps", "--no-TTY", "--volume", f"{name}:/data",
                "--env", "DATABASE_TYPE=sqlite", "--env", "MONGODB_URL_FILE=",
                "ingest", "fetch", "--dataset", "comptages", *days, check=False,
            )  # fmt: skip
        finally:
            docker("volume", "rm", name)

    full = fetch(0.3)
    assert full.returncode == 5, full.stderr
    assert "free disk space, then run again" in full.stderr
    assert "Traceback" not in full.stderr
    assert fetch(32).returncode == 0


def test_down_and_up_keep_the_data(stack: Stack) -> None:
    before = stack.look()
    down = stack.make("down")
    assert down.returncode == 0, down.stderr
    assert not stack.compose("ps", "--all", "--quiet").stdout
    stack.up()

    assert lost(before, stack.look()) == []
    assert stack.make("daily", f"DATE={DAYS[0]}").returncode == 0


def test_a_backup_brings_everything_back(stack: Stack, tmp_path: Path) -> None:
    before = stack.look()
    saved = stack.make("backup", f"TO={tmp_path / 'saved'}")
    assert saved.returncode == 0, saved.stderr
    stack.compose("down", "--volumes", "--timeout", "5")
    back = stack.make("restore", f"FROM={tmp_path / 'saved'}")
    assert back.returncode == 0, back.stderr
    stack.up()

    assert lost(before, stack.look()) == []
