"""`cityflow doctor`: what is set, what follows from it, and whether it works."""

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cityflow.admin import outside
from cityflow.admin.choice import Choice
from cityflow.admin.documents import Database
from cityflow.admin.outside import Outside
from cityflow.admin.probes import Tried, impatient, probes, try_all
from cityflow.admin.tally import some
from cityflow.commands import asked
from cityflow.console import print_result
from cityflow.errors import BadArguments, StoreUnavailable
from cityflow.settings import Backends, Settings, choose_backends, env_name, meaning, value_text
from cityflow.storage.factory import open_documents
from cityflow.telemetry import configure_logging

if TYPE_CHECKING:
    from rich.table import Table

_STEPS = ("connect", "write", "read", "delete")


def doctor(*, json: asked.AsJson = False) -> None:
    """Print every setting and its origin, the backends chosen and why, and try each connection.

    Each is tried by writing, reading back and deleting something. Raw files that are registered
    outside the store are named, and whether they are there. Exit codes: 0 all is well; 2 a
    setting cannot be used; 5 a connection does not work.
    """
    settings, origins = Settings.load_with_origins()
    configure_logging(settings)
    backends = choose_backends(settings)
    tried = try_all(probes(settings))
    well = all(one.is_well for one in tried)
    files = _outside(settings) if well else []
    rows = [
        {
            "name": env_name(field),
            "value": value_text(getattr(settings, field)),
            "origin": origins[env_name(field)],
            "meaning": meaning(field),
        }
        for field in Settings.model_fields
    ]
    result = {
        "settings": rows,
        "backends": backends._asdict(),
        "connections": [_document(one) for one in tried],
        "well": well,
        "outside": [one.document() for one in files],
    }
    tables = [] if json else [_settings_table(rows), _backends_table(backends), _tried_table(tried)]
    if files and not json:
        tables.append(outside.table(files))
    print_result(result, tables, json)
    _judge(tried)


def _outside(settings: Settings) -> list[Outside]:
    with closing(open_documents(impatient(settings))) as documents:
        files = outside.registered(Database(documents), Choice())
    return [Outside.of(file, outside.present_state(file)) for file in files]


def _judge(tried: Sequence[Tried]) -> None:
    ill = [one for one in tried if one.error]
    if ill:
        unusable = any(isinstance(one.error, BadArguments) for one in ill)
        kind = BadArguments if unusable else StoreUnavailable
        raise kind(some(dict.fromkeys(str(one.error) for one in ill)))


def _document(tried: Tried) -> dict[str, Any]:
    return {
        "name": tried.name,
        "where": tried.where,
        "well": tried.is_well,
        "milliseconds": tried.steps,
        "error": str(tried.error) if tried.error else None,
    }


def _settings_table(rows: Sequence[dict[str, str]]) -> "Table":
    return _table(("name", "value", "origin", "meaning"), [tuple(row.values()) for row in rows])


def _backends_table(backends: Backends) -> "Table":
    documents = ("documents", backends.database, backends.database_why)
    objects = ("objects", backends.objects, backends.objects_why)
    return _table(("kept", "where", "because"), [documents, objects])


def _tried_table(tried: Sequence[Tried]) -> "Table":
    rows = [
        (
            one.name,
            one.where,
            *(f"{one.steps[step]:.1f} ms" if step in one.steps else "" for step in _STEPS),
            str(one.error) if one.error else "well",
        )
        for one in tried
    ]
    return _table(("connection", "to", *_STEPS, "result"), rows)


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*map(Text, row))
    return table
