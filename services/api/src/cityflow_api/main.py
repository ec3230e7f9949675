"""`cityflow-api`: the one place where the settings become a running server."""

import typer

from cityflow.console import run_cli
from cityflow.settings import Settings
from cityflow.telemetry import configure_logging
from cityflow_api.server import Server

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def serve() -> None:
    """Serve the API on API_HOST and API_PORT (127.0.0.1:8000) until SIGTERM or Ctrl-C.

    It only reads the store. Exit codes: 0 stopped; 1 the address cannot be used; 2 a setting
    cannot be used.
    """
    settings = Settings.load()
    configure_logging(settings)
    Server(settings).run()


def main() -> None:
    """The console command."""
    run_cli(app)
