"""The command `cityflow`: what holds for all services, beginning with their settings."""

from typing import Annotated

import typer

from cityflow import settings as names
from cityflow.console import App, print_result
from cityflow.settings import Settings, choose_backends
from cityflow.telemetry import configure_logging

app = App(help="CityFlow: the settings all services share.")


@app.command()
def settings(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Print every setting, its value and where it came from, and the backends they choose."""
    loaded, origins = Settings.load_with_origins()
    configure_logging(loaded)
    backends = choose_backends(loaded)
    rows = [
        {
            "name": name,
            "value": shown(loaded, field),
            "origin": origins[name],
            "meaning": names.meaning(field),
        }
        for field in Settings.model_fields
        for name in (names.env_name(field),)
    ]
    print_result({"settings": rows, "backends": backends._asdict()}, [], json)
