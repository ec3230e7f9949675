"""`cityflow-dashboard`: the one place where the settings become a running Streamlit server."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer

from cityflow.console import run_cli
from cityflow.settings import Settings

PAGE: Final = Path(__file__).parent / "app.py"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def serve() -> None:
    """Serve the dashboard on DASHBOARD_HOST and DASHBOARD_PORT (127.0.0.1:8501) until Ctrl-C.

    It reads the API at API_URL and nothing else. Exit codes: 0 stopped; 1 the address cannot be
    used; 2 a setting cannot be used.
    """
    command = streamlit_command(Settings.load())
    # Streamlit prints its address on standard output, and cannot be stopped once that is closed.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.execv(command[0], command)


def streamlit_command(settings: Settings) -> list[str]:
    """The command line of Streamlit: what is given here no file or variable can change."""
    # -P: a file beside the caller named like one of Streamlit's modules must not be run.
    start = [sys.executable, "-P", "-m", "streamlit", "run", str(PAGE)]
    return [*start, *(f"--{name}={value}" for name, value in _options(settings).items())]


def _options(settings: Settings) -> Mapping[str, str]:
    return {
        "server.address": settings.dashboard_host,
        "server.port": str(settings.dashboard_port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "global.developmentMode": "false",
        "logger.level": settings.log_level.lower(),
    }


def main() -> None:
    """The console command."""
    run_cli(app)
