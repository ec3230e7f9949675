"""The stack of deploy/compose as `make up` starts it, on ports and with a state of its own."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import requests
from store_servers import ENGINE, LOOPBACK, ROOT, free_port

SERVICES: Final = ("mongo", "simulator", "ingest", "processor", "reporter", "api", "dashboard")
SCRIPT: Final = ROOT / "deploy/compose/stack"
DEMO_NOW: Final = "2025-11-09T08:00:00Z"
"""When `make demo` fetches."""

LOOK: Final = """
import hashlib, json, os, sys
from pathlib import Path
from cityflow.settings import Settings
from cityflow.storage import Editions, open_store
with open_store(Settings.load()) as store:
    pointers = {
        f"{name}/{pointer.day}": pointer.edition
        for name in ("comptages", "report")
        for pointer in Editions(store).pointers(name)
    }
files = {
    str(path.relative_to("/data")): hashlib.sha256(path.read_bytes()).hexdigest()
    for top in ("raw", "clean", "metrics", "reports")
    for path in Path("/data", top).rglob("*")
    if path.is_file() and not path.name.startswith(".") and "meta.json" not in path.name
}
json.dump({"pointers": pointers, "files": files}, sys.stdout)
"""

Look = dict[str, dict[str, str]]


def engine() -> None:
    """A container engine with the base images, started here if need be."""
    if ENGINE.exists():
        subprocess.run([str(ENGINE)], check=True, stdout=subprocess.DEVNULL)
    assert shutil.which("docker"), "no container engine: install docker"


@cache
def _images() -> None:
    """All images as the sources are now, once for all tests; with BUILD=0 they are."""
    if os.environ.get("BUILD") == "0":
        return
    with tempfile.TemporaryDirectory() as state:
        environ = os.environ | {"STATE": state, "PROFILE": "demo,aws-local"}
        subprocess.run([str(SCRIPT), "images"], env=environ, check=True, timeout=900)


class Stack:
    """One project of Compose; whatever it leaves is removed at the end of `stack`."""

    def __init__(self, folder: Path, profile: str, settings: Mapping[str, str]) -> None:
        self.project = f"cityflow-{os.environ.get('TAG', 'test')}-{secrets.token_hex(3)}"
        self.profile, self.state = profile, folder / "state"
        self.api_port, self.dashboard_port = free_port(), free_port()
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/root"),
            "COMPOSE_PROJECT_NAME": self.project,
            "TAG": os.environ.get("TAG", "latest"),
            "STATE": str(self.state),
            "BUILD": "0",
            "API_PORT": str(self.api_port),
            "DASHBOARD_PORT": str(self.dashboard_port),
            **settings,
        }

    def make(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """A target of the Makefile; its exit code is not looked at."""
        return subprocess.run(
            ["make", "--no-print-directory", *arguments], cwd=ROOT, env=self.environ | settings,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    def up(self) -> str:
        """Start it and wait until everything is healthy; what was said."""
        done = self.make("up", f"PROFILE={self.profile}")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *services: str) -> None:
        """Start these services, and what they depend on, and wait until they are healthy."""
        self.compose("up", "--detach", "--wait", *services)

    def once(
        self, service: str, *arguments: str, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        """What becomes of a command of a service, in a container of its own."""
        return self.compose("run", "--rm", "--no-TTY", service, *arguments, check=check)

    def compose(
        self, *arguments: str, check: bool = True, **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        """docker compose with the files and the profile of the stack."""
        done = subprocess.run(
            [str(SCRIPT), "compose", *arguments], env=self.environ | settings,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def containers(self, service: str) -> list[dict[str, Any]]:
        """What the engine knows of the containers of a service."""
        labels = {"project": self.project, "service": service, "oneoff": "False"}
        chosen = [f"--filter=label=com.docker.compose.{name}={labels[name]}" for name in labels]
        found = docker("ps", "--all", "--quiet", *chosen).split()
        inspected: list[dict[str, Any]] = json.loads(docker("inspect", *found)) if found else []
        return inspected

    def container(self, service: str) -> dict[str, Any]:
        """What the engine knows of the only container of a service."""
        found = self.containers(service)
        assert len(found) == 1, (service, found)
        return found[0]

    def one_off(self, service: str) -> str:
        """The container of a command of a service that runs for that alone; empty: none does."""
        labels = {"project": self.project, "service": service, "oneoff": "True"}
        chosen = [f"--filter=label=com.docker.compose.{name}={labels[name]}" for name in labels]
        return docker("ps", "--quiet", *chosen).strip()

    def kill(self, service: str) -> None:
        """Kill -9 all of a container from outside, as the kernel would; not `docker kill`,
        after which the engine does not start it again."""
        os.kill(self.pid(service), signal.SIGKILL)

    def pid(self, service: str) -> int:
        """The first process of the first container of a service, once it runs."""
        deadline = time.monotonic() + 60
        while not (pid := int(self.containers(service)[0]["State"]["Pid"])):
            assert time.monotonic() < deadline, f"{service} does not run"
        return pid

    def is_healthy(self, *services: str) -> bool:
        """Whether all of these run and are well."""
        states = [one["State"] for service in services for one in self.containers(service)]
        well = [one for one in states if one["Running"] and one["Health"]["Status"] == "healthy"]
        return len(well) == len(states) >= len(services)

    def inside(self, service: str, code: str) -> str:
        """What a Python program says, run inside the container of a service."""
        return docker(
            "exec", "--interactive", self.container(service)["Id"], "python", "-", input=code
        )

    def look(self) -> Look:
        """The pointers of the store, and the digests of its files."""
        found: Look = json.loads(self.inside("processor", LOOK))
        return found

    def has_reported(self, *days: object) -> bool:
        """Whether these days of the roads are published, and their reports."""
        pointers = self.look()["pointers"]
        return all(f"{name}/{day}" in pointers for name in ("comptages", "report") for day in days)

    def api(self, path: str) -> requests.Response:
        """An answer of the API, through its published port."""
        return requests.get(f"http://{LOOPBACK}:{self.api_port}{path}", timeout=30)


def docker(*arguments: str, input: str | None = None) -> str:
    """The standard output of a command of docker."""
    done = subprocess.run(
        ["docker", *arguments], input=input, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wait(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still not: {what}"
        time.sleep(1)


@contextmanager
def stack(folder: Path, profile: str = "demo", **settings: str) -> Iterator[Stack]:
    """A stack that nothing is left of at the end; it is not started yet."""
    engine()
    _images()
    made = Stack(folder, profile, settings)
    made.state.mkdir(parents=True)
    (made.state / "profile").write_text(f"{profile}\n")
    try:
        yield made
    finally:
        made.compose("down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)
