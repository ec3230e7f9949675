"""What each service asks of AWS, recorded at a proxy before moto: the least that its role needs.

`make iam` writes deploy/iam/<service>.json anew; a test compares these files with a new recording.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import requests
from fault_proxy import HttpProxy, Request, http_proxy
from standins import BIN, quick_city, stand_ins
from store_servers import LOGIN, ROOT, free_port, moto, on_aws

from cityflow.settings import Settings
from cityflow.storage import open_store

FOLDER: Final = ROOT / "deploy" / "iam"
NOW, FIRST, LAST = "2025-11-02T08:00:00Z", "2025-10-30", "2025-10-31"
OPTIONS: Final = ("--arcs", 12, "--late-days", 0, "--revised-days", 0, "--missing-days", 0)

# Operation of S3, by method and subresource, to the action that its caller needs: as the Service
# Authorization Reference of AWS has it. An operation that is not here stops the recording.
OF_BUCKET: Final = {"HEAD": "ListBucket", "GET list-type": "ListBucket"}
OF_OBJECT: Final = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "PUT uploadId": "PutObject",
    "PUT partNumber": "PutObject",
    "POST uploads": "PutObject",
    "POST uploadId": "PutObject",
    "DELETE": "DeleteObject",
    "DELETE uploadId": "AbortMultipartUpload",
}


@dataclass(frozen=True, order=True)
class Right:
    """An action, and the kind of resource it is done to: a table, a bucket or a folder of one."""

    resource: str
    action: str


@dataclass
class Recorder:
    """A store on AWS, and the rights that were used since the last `take`."""

    settings: Mapping[str, str]
    used: set[Right]

    def hear(self, request: Request) -> None:
        """Note what a request needs."""
        if "X-Amz-Target" in request.headers:
            table = self.name(json.loads(request.body)["TableName"])
            resource = f"arn:aws:dynamodb:${{region}}:${{account}}:table/${{{table}}}"
            self.used.add(Right(resource, f"dynamodb:{request.action}"))
            return
        bucket, _, key = unquote(urlsplit(request.path).path).lstrip("/").partition("/")
        place = f"arn:aws:s3:::${{{self.name(bucket)}}}"
        if not key:
            self.used.add(Right(place, f"s3:{OF_BUCKET[request.action]}"))
            return
        folder = f"{place}/{key.partition('/')[0]}/*"
        self.used.add(Right(folder, f"s3:{OF_OBJECT[request.action]}"))
        if request.method == "PUT":  # whoever writes may give up an upload in parts
            self.used.add(Right(folder, "s3:AbortMultipartUpload"))

    def name(self, value: str) -> str:
        """What the deployment calls a table or bucket: the name of its setting."""
        (setting,) = (name for name, given in self.settings.items() if given == value)
        return setting.lower()

    def take(self) -> set[Right]:
        """What was used, from now on anew."""
        used, self.used = self.used, set()
        return used


def policy(rights: Iterable[Right]) -> str:
    """Rights as an IAM policy, in the form of Terraform's `templatefile`."""
    actions: dict[str, list[str]] = {}
    for right in sorted(rights):
        actions.setdefault(right.resource, []).append(right.action)
    statements = [
        {"Effect": "Allow", "Action": done, "Resource": resource}
        for resource, done in actions.items()
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    return f"{json.dumps(document, indent=2)}\n"


def record(folder: Path) -> dict[str, str]:
    """The policy of each service, from a run of its own commands in an empty folder."""
    city = quick_city(folder / "city.toml", window=3, changing=1, catch_up_days=1)
    with (
        moto(folder) as url,
        http_proxy(url) as proxy,
        stand_ins(NOW, *OPTIONS, hosts=1) as sources,
    ):
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            **LOGIN,
            **on_aws(url),
            "OUTPUT_DIR": str(folder / "output"),
            "CITYFLOW_LOG_LEVEL": "WARNING",
            "CITYFLOW_TENANT": str(city),
            "CITYFLOW_NOW": NOW,
            "PRIM_API_KEY": "any",
            **sources.settings,
        }
        make_tables_and_buckets(environment)
        environment["AWS_ENDPOINT_URL"] = proxy.url
        return dict(sessions(folder, environment, proxy))


def make_tables_and_buckets(environment: Mapping[str, str]) -> None:
    """What a deployment makes; no service needs the right to."""
    with open_store(Settings.load(environment)) as store:
        assert store.documents.types() == []
        assert list(store.objects.list("")) == []


def sessions(
    folder: Path, environment: dict[str, str], proxy: HttpProxy
) -> Iterator[tuple[str, str]]:
    """One service after the other, each with all that it does in a deployment."""
    recorder = Recorder(environment, set())
    proxy.hear = recorder.hear

    def run(*command: str) -> None:
        ended = subprocess.run(
            [BIN / command[0], *command[1:]], cwd=folder, env=environment,
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, (command, ended.stderr)

    run("cityflow-ingest", "daily")
    run("cityflow-ingest", "fetch", "--date", LAST)  # received again
    run("cityflow-ingest", "status")
    yield "ingest", policy(recorder.take())

    run("cityflow-processor", "backfill", "--from", FIRST, "--to", LAST)
    run("cityflow-processor", "run", "--date", LAST)
    run("cityflow-processor", "compact")
    yield "processor", policy(recorder.take())

    run("cityflow-reporter", "run", "--from", FIRST, "--to", LAST)
    run("cityflow-reporter", "run", "--pending")
    yield "reporter", policy(recorder.take())

    with serving(folder, environment) as api:
        ask_everything(api)
    yield "api", policy(recorder.take())


@contextmanager
def serving(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The API, until the end of the context; its address."""
    port = free_port()
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / "cityflow-api"], cwd=folder, env={**environment, "API_PORT": str(port)},
            stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 180
        while not answers(f"{url}/healthz"):
            assert process.poll() is None, (folder / "api.log").read_text()
            assert time.monotonic() < deadline, (folder / "api.log").read_text()
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=60).ok
    except requests.ConnectionError:
        return False


def ask_everything(api: str) -> None:
    """Every route that reads the store."""

    def ask(path: str) -> Any:
        answer = requests.get(f"{api}{path}", timeout=180)
        assert answer.ok, (path, answer.text)
        return answer.json()

    ask("/readyz")
    deadline = time.monotonic() + 180
    while "cityflow_store_up 1.0" not in requests.get(f"{api}/metrics", timeout=180).text:
        assert time.monotonic() < deadline, "the figures of the store are not told"
    ask("/v1/days")
    ask(f"/v1/days/{LAST}/metrics/comptages")
    arcs = ask(f"/v1/days/{LAST}/arcs")
    arc = arcs["arcs"][0]["arc_id"]
    ask(f"/v1/days/{LAST}/arc-hours")
    ask(f"/v1/days/{LAST}/arcs/{arc}/hours")
    ask(f"/v1/arcs/{arc}/days?from={FIRST}&to={LAST}")
    ask(f"/v1/reports/{LAST}")


def main() -> None:
    """Write the policies anew."""
    os.environ |= LOGIN
    with tempfile.TemporaryDirectory() as folder:
        found = record(Path(folder))
    FOLDER.mkdir(exist_ok=True)
    for service, text in found.items():
        (FOLDER / f"{service}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
