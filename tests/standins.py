"""The stand-ins of the sources as a process, and a city that does not wait long for them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import requests

BIN = Path(sys.executable).parent
ROADS = "comptages-routiers-permanents"
BIKES = "comptage-velo-donnees-compteurs"
PATIENT = {"answer_seconds": 300, "read_seconds": 60}
"""Waits of a city whose sources are well: a machine may be slow."""


@dataclass(frozen=True)
class StandIns:
    """Running stand-ins of one city; `urls`: the hosts of its portal, in order."""

    urls: tuple[str, ...]

    @property
    def settings(self) -> dict[str, str]:
        """The settings that lead every source here."""
        (first, *_) = self.urls
        names = ("PRIM_URL", "IDFM_URL", "OPEN_METEO_URL", "CALENDAR_URL", "SCHOOL_CALENDAR_URL")
        return {
            **dict.fromkeys(names, first),
            "OPENDATASOFT_HOSTS": ",".join(self.urls),
            "GBFS_URL": f"{first}/opendata/Velib_Metropole",
        }

    def control(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """Ask the control interface of the first host that listens."""
        for url in self.urls:
            try:
                answer = requests.request(
                    method, f"{url}/_control{path}", json=body, params=query, timeout=30
                )
            except requests.ConnectionError:
                continue
            answer.raise_for_status()
            return answer
        raise AssertionError("no host of the stand-ins listens")

    def at(self, instant: str) -> None:
        """Move the clock of the city."""
        self.control("PUT", "/now", {"now": instant})

    def fail(self, *faults: Mapping[str, Any]) -> None:
        """These faults, and no others."""
        self.control("PUT", "/faults", {"faults": list(faults)})

    def hits(self) -> dict[str, int]:
        """How many requests each kind of fault has hit."""
        found: dict[str, int] = {}
        for fault in self.control("GET", "").json()["faults"]:
            found[fault["kind"]] = found.get(fault["kind"], 0) + fault["hit"]
        return found

    def whole_answers(self) -> dict[str, int]:
        """How often each path gave its content without a fault since this was last asked.

        Of the portal only exports are content: the rest is counts and catalogue.
        """
        found: dict[str, int] = {}
        entries = self.control("GET", "/requests").json()
        self.control("DELETE", "/requests")
        for asked in entries:
            path = asked["path"]
            if asked["fault"] is None and ("/exports/" in path or "/explore/" not in path):
                found[path] = found.get(path, 0) + 1
        return found

    def open(self, host: int, is_open: bool) -> None:
        """Open or close a host of the portal, not the first: the others share it."""
        self.control("PUT", f"/hosts/{host}", {"open": is_open})

    def truth(self, feed: str, first: date, last: date, now: str) -> dict[str, Any]:
        """What is published of each day of road or bike counts at an instant."""
        query = {"from": str(first), "to": str(last), "now": now}
        found: dict[str, Any] = self.control("GET", f"/truth/{feed}", **query).json()
        return found

    def records(self, feed: str, day: date, now: str) -> list[dict[str, Any]]:
        """The distinct records of a day at an instant."""
        answer = self.control("GET", f"/truth/{feed}/records", day=str(day), now=now)
        return [json.loads(line) for line in answer.text.splitlines()]


@contextmanager
def stand_ins(now: str, *options: object, hosts: int = 2) -> Iterator[StandIns]:
    """Stand-ins until the end of the context."""
    command = [BIN / "cityflow-simulator", "serve", "--port", "0", "--hosts", str(hosts)]
    command += ["--now", now, *map(str, options)]
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            urls = tuple(process.stdout.readline().strip() for _ in range(hosts))
            assert all(url.startswith("http://") for url in urls), urls
            yield StandIns(urls)
        finally:
            process.terminate()
            process.wait(30)


def quick_city(path: Path, **numbers: float) -> Path:
    """The shipped Paris with shorter waits; `numbers` replace a number wherever it is named."""
    text = (resources.files("cityflow_ingest.tenants") / "paris.toml").read_text("utf-8")
    quick = {"backoff_seconds": 0.01, "longest_wait_seconds": 5, "answer_seconds": 5,
             "read_seconds": 3}  # fmt: skip
    for name, value in {**quick, **numbers}.items():
        text, count = re.subn(rf"(?m)^{name} = [\d.]+", f"{name} = {value}", text)
        assert count, name
    path.write_text(text, encoding="utf-8")
    return path
