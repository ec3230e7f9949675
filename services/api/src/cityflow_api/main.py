"""`cityflow-api`: the one place where the settings become a running server."""

import socket

import typer

from cityflow.console import run_cli
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.telemetry import configure_logging
from cityflow_api.server import Server

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def serve() -> None:
    """Serve the API on API_HOST and API_PORT (127.0.0.1:8000) until SIGTERM or Ctrl-C.

    It only reads the store. Exit codes: 0 stopped; 2 a setting or the address cannot be used.
    """
    settings = Settings.load()
    configure_logging(settings)
    _check_address(settings)
    Server(settings).run()


def _check_address(settings: Settings) -> None:
    """Say at once what gunicorn would try five times; raises BadArguments."""
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    try:
        socket.create_server((settings.api_host, settings.api_port), family=family).close()
    except OSError as error:
        raise BadArguments(
            f"API_HOST {settings.api_host}, API_PORT {settings.api_port}: {error.strerror}; "
            "stop what listens there, or choose another port"
        ) from error


def main() -> None:
    """The console command."""
    run_cli(app)
