"""What every command of CityFlow shares: results on standard output, all else on standard error.

A deliberate error is one line and its documented exit code; only a bug shows a traceback.
"""

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from cityflow._progress import Progress, bar, lines
from cityflow.errors import CityFlowError, StoreUnavailable
from cityflow.heartbeat import beat

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["App", "Progress", "print_result", "progress", "run_cli"]

_STORE_FAULTS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the file system is read-only; set OUTPUT_DIR to a folder that can be written",
    errno.EACCES: "permission denied; give this user access to it, or choose another path",
    errno.EPERM: "permission denied; give this user access to it, or choose another path",
}


class App(typer.Typer):
    """A command line with subcommands whose call ends the process as `run_cli` does.

    Use it as the target of a console script: `app = App(help="…")`, `@app.command()`.
    """

    def __init__(self, help: str) -> None:
        super().__init__(
            help=help,
            add_completion=False,
            no_args_is_help=True,
            pretty_exceptions_enable=False,
            rich_markup_mode=None,
        )
        # A callback keeps `cityflow-ingest files` a subcommand even while it is the only one.
        self.callback()(_begin)

    def __call__(self, args: Sequence[str] | None = None) -> NoReturn:
        """Run the command line as `run_cli` does."""
        run_cli(self, args)


def run_cli(app: typer.Typer, args: Sequence[str] | None = None) -> NoReturn:
    """Run a command line (default: the process's own) and end the process.

    Exit codes: 0 done; that of a CityFlowError (2, 3, 4, 5, 75; see cityflow.errors); 2 wrong
    usage; 5 a full, read-only or forbidden disk; 130 interrupted. Any other exception is a bug
    and leaves with its traceback.
    """
    try:
        typer.main.get_command(app).main(args=list(args) if args is not None else None)
    except CityFlowError as error:
        _fail(str(error) or type(error).__name__, error.exit_code)
    except SystemExit as end:
        if end.code == 130:
            _fail("interrupted; run the same command again to finish the work", 130)
        raise
    except OSError as error:
        if error.errno not in _STORE_FAULTS:
            raise
        _fail(f"{_where(error)}{_STORE_FAULTS[error.errno]}", StoreUnavailable.exit_code)
    sys.exit(0)


@contextmanager
def progress(description: str, total: float | None = None, unit: str = "") -> Iterator[Progress]:
    """Show how far a long step is, on standard error: a bar on a terminal, else log lines.

    The bar appears at once; lines come after 2 s and then every 10 s, so that short work stays
    silent. `unit` is what is counted (`files`, `days`); `bytes` is shown as kB, MB and a rate.
    """
    with (bar if sys.stderr.isatty() else lines)(description, total, unit) as shown:
        yield shown


def print_result(result: Mapping[str, Any], tables: Sequence["Table"], as_json: bool) -> None:
    """Write the result to standard output: as one JSON document, or as tables for people.

    Dates and paths become strings; NaN and infinities are refused (ValueError).
    """
    if as_json:
        # ASCII: a file name of any encoding passes through any terminal or pipe.
        text = json.dumps(result, indent=2, ensure_ascii=True, allow_nan=False, default=str)
        sys.stdout.write(f"{text}\n")
    else:
        from rich.console import Console

        out = Console(width=None if sys.stdout.isatty() else 200)
        for table in tables:
            out.print(table)
    sys.stdout.flush()


def _begin() -> None:
    """Note that a command is at work: the health check of a container also sees those that end.

    Not by the settings: a command says itself what is wrong with them.
    """
    if file := os.environ.get("HEARTBEAT_FILE", "").strip():
        beat(Path(file), "working")


def _where(error: OSError) -> str:
    return f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""


def _fail(message: str, code: int) -> NoReturn:
    line = " ".join(message.split())
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
    sys.stderr.write(f"error: {printable}\n")
    sys.exit(code)
