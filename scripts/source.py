"""The sources of the demo: stand-ins of the real ones, a process of their own while it fetches."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

from scripts.serving import CannotServe

ANSWER_SECONDS: Final = 60.0


@dataclass(frozen=True)
class StandIns:
    """Running stand-ins of every source, at one address."""

    url: str

    @property
    def settings(self) -> dict[str, str]:
        """The settings that lead every source here, so that none of the real ones is asked."""
        names = ("OPENDATASOFT_HOSTS", "SCHOOL_CALENDAR_URL", "PRIM_URL", "IDFM_URL",
                 "OPEN_METEO_URL", "OPEN_METEO_ARCHIVE_URL", "CALENDAR_URL")  # fmt: skip
        return {
            **dict.fromkeys(names, self.url),
            "GBFS_URL": f"{self.url}/opendata/Velib_Metropole",
            "PRIM_API_KEY": "any",
        }

    def move(self, now: str) -> None:
        """Let the city stand at another instant. Raises CannotServe."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request("PUT", "/_control/now", json.dumps({"now": now}),
                               {"Content-Type": "application/json"})  # fmt: skip
            answer = connection.getresponse()
            if answer.status >= 300:
                said = answer.read(200).decode(errors="replace")
                raise CannotServe(f"the stand-ins cannot be moved to {now}: {said}")
        except OSError as error:
            raise CannotServe(f"the stand-ins do not answer: {error}") from error
        finally:
            connection.close()


@contextmanager
def stand_ins(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[StandIns]:
    """Start the stand-ins, and end them on every way out.

    Raises CannotServe when they do not start; they have said why themselves.
    """
    # A session of its own: Ctrl-C reaches only the demo. They hold nothing: killed, they are gone.
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, start_new_session=True
    ) as standing:
        try:
            said = standing.stdout.readline() if standing.stdout else b""
            if not said:
                raise CannotServe(f"{command[0]} ended with exit code {standing.wait()}; see above")
            yield StandIns(said.decode().strip())
        finally:
            standing.kill()
