"""The sources of the demo: stand-ins of the real ones, a process of their own while it fetches."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from scripts.serving import CannotServe


@contextmanager
def stand_ins(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Start the stand-ins; gives the settings that lead to them, and ends them on every way out.

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
            yield _settings(said.decode().strip())
        finally:
            standing.kill()


def _settings(url: str) -> dict[str, str]:
    """Every source at one address, so that none of the real ones is asked."""
    names = ("OPENDATASOFT_HOSTS", "SCHOOL_CALENDAR_URL", "PRIM_URL", "OPEN_METEO_URL",
             "OPEN_METEO_ARCHIVE_URL", "CALENDAR_URL")  # fmt: skip
    return dict.fromkeys(names, url) | {"GBFS_URL": f"{url}/opendata/Velib_Metropole"}
