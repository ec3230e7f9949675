"""The command `cityflow`: what holds for all services, beginning with their settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cityflow.commands.keep import backup, export, import_, restore
from cityflow.commands.migrate import migrate
from cityflow.console import App, print_result
from cityflow.settings import Backends, Settings, choose_backends, env_name, meaning, value_text
from cityflow.telemetry import configure_logging

if TYPE_CHECKING:
    from rich.table import Table

app = App(help="CityFlow: what holds for all its services.")
app.command()(migrate)
app.command()(export)
app.command("import")(import_)
app.command()(backup)
app.command()(restore)


@app.command()
def settings(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Print every setting, its value and origin, and the backends they choose and why."""
    loaded, origins = Settings.load_with_origins()
    configure_logging(loaded)
    backends = choose_backends(loaded)
    rows = [
        {
            "name": env_name(field),
            "value": value_text(getattr(loaded, field)),
            "origin": origins[env_name(field)],
            "meaning": meaning(field),
        }
        for field in Settings.model_fields
    ]
    tables = [] if json else [_settings_table(rows), _backends_table(backends)]
    print_result({"settings": rows, "backends": backends._asdict()}, tables, as_json=json)


def _settings_table(rows: Sequence[dict[str, str]]) -> "Table":
    return _table(("name", "value", "origin", "meaning"), [tuple(row.values()) for row in rows])


def _backends_table(backends: Backends) -> "Table":
    documents = ("documents", backends.database, backends.database_why)
    objects = ("objects", backends.objects, backends.objects_why)
    return _table(("kept", "where", "because"), [documents, objects])


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*map(Text, row))
    return table
