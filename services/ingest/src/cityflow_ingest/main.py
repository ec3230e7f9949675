"""The command line of ingest; the one place where its parts are wired together."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from cityflow.console import App, print_result, progress
from cityflow.contracts import Dataset
from cityflow.errors import BadArguments, SourceError
from cityflow.settings import Settings, choose_backends
from cityflow.storage import RawZone, Runs, Store, open_store
from cityflow.telemetry import configure_logging
from cityflow.watching import Clock, clock, watch
from cityflow_ingest import asked
from cityflow_ingest.archive_files import Archiver, Keeper, work_bytes
from cityflow_ingest.availability import Availability
from cityflow_ingest.collecting import Collected, Wanted, collect
from cityflow_ingest.connect import connected
from cityflow_ingest.fetch_results import as_document, as_tables
from cityflow_ingest.fetching import STAGE, Fetcher
from cityflow_ingest.file_results import as_document as files_document
from cityflow_ingest.file_results import as_tables as files_tables
from cityflow_ingest.find_files import find_files
from cityflow_ingest.holdings import Holdings
from cityflow_ingest.keeping import Copying, Registering
from cityflow_ingest.spool import Spool
from cityflow_ingest.standing import Standing
from cityflow_ingest.tenant import Tenant, load_tenant
from cityflow_ingest.turns import Patience

app = App(help="Sources to raw: fetches, recognises, archives and receipts what arrives.")

_FORMAT: Final = ["%Y-%m-%d"]
_TICK_SECONDS: Final = 30.0

AsJson = Annotated[bool, typer.Option("--json", help="Result as one JSON document")]
Only = Annotated[Dataset | None, typer.Option(help="This dataset only")]
Plan = Callable[[Holdings, datetime], list[Wanted]]


@dataclass(frozen=True)
class _City:
    """What every command about sources begins with."""

    settings: Settings
    tenant: Tenant
    clock: Clock

    @classmethod
    def load(cls) -> "_City":
        settings = Settings.load()
        configure_logging(settings)
        return cls(settings, load_tenant(settings.tenant), clock(settings.now))

    @property
    def spool(self) -> Spool:
        """Beside the local store, which has the room; else in the temporary folder."""
        if choose_backends(self.settings).objects == "local":
            return Spool(self.settings.output_dir / ".fetch")
        return Spool(Path(tempfile.gettempdir()) / "cityflow-fetch")


@app.command()
def files(
    paths: Annotated[
        list[Path], typer.Argument(readable=False, help="Files, or folders with all below")
    ],
    dataset: Annotated[
        Dataset | None, typer.Option(help="Refuse whatever is not of this dataset")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Archive files in the raw zone: CSV or JSON, plain, gzip or zip, told by their content.

    Exit code: 0 all archived or already held; 3 a file was refused or could not be read; 2 a path
    that does not exist; 5 the store.
    """
    _take_files(paths, dataset, Copying, as_json)


@app.command()
def history(
    paths: Annotated[
        list[Path], typer.Argument(readable=False, help="Large exports, or folders with all below")
    ],
    copy: Annotated[
        bool, typer.Option("--copy", help="Stream them into the store as well")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Register large files where they lie, by path, size and SHA-256, verified before each use.

    Nothing is copied without --copy: a backup of the store does not hold them. Exit code: as of
    `files`.
    """
    _take_files(paths, None, Copying if copy else Registering, as_json)


@app.command()
def fetch(
    day: Annotated[
        datetime | None, typer.Option("--date", formats=_FORMAT, help="The service day")
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMAT, help="First day of a range")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_FORMAT, help="Its last day, included")
    ] = None,
    dataset: Only = None,
    as_json: AsJson = False,
) -> None:
    """Fetch days from their sources, due or not; without days the newest of everything.

    Exit code: 0 done, also if a source has no data; 3 nothing came of a required dataset, or of
    the one that was named; 2 wrong arguments; 5 the store.
    """
    range_ = _range(*(value and value.date() for value in (day, first, last)))
    city = _City.load()

    def plan(_: Holdings, now: datetime) -> list[Wanted]:
        if range_ is None:
            return asked.newest(city.tenant, dataset, now)
        return asked.of_days(city.tenant, dataset, *range_, now)

    _fetch_once(city, plan, [dataset] if dataset else None, as_json)


@app.command()
def daily(
    dataset: Only = None,
    stay: Annotated[
        bool, typer.Option("--watch", help="Stay, and fetch each feed in its own time")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what is due: new days, days that may still change, days that are missing or short.

    Run again, it asks for what failed, and goes on with the oldest days never asked for. Exit
    code: 0 done; 3 nothing came of a required dataset; 5 the store.
    """
    city = _City.load()

    def plan(holdings: Holdings, now: datetime) -> list[Wanted]:
        return asked.due(city.tenant, holdings, dataset, now)

    if stay:
        patience = Patience()
        watch(lambda: _turn(city, plan, patience), _TICK_SECONDS, city.settings.heartbeat_file)
    else:
        _fetch_once(city, plan, None, as_json)


@app.command()
def snapshot(
    datasets: Annotated[
        list[Dataset], typer.Argument(help="For example traffic, velib, chantiers")
    ],
    as_json: AsJson = False,
) -> None:
    """Fetch, as they are now, datasets whose sources keep no history.

    Exit code: 0 done; 3 nothing came of one of them; 2 wrong arguments; 5 the store.
    """
    city = _City.load()
    _fetch_once(city, lambda _, now: asked.snapshots(city.tenant, datasets, now), datasets, as_json)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Print freshness, gaps and last success of every feed, and how every source answered."""
    city = _City.load()
    with open_store(city.settings) as store:
        standing = Standing.take(store, city.tenant, city.clock())
    print_result(standing.document(), list(standing.tables()), as_json)


def _take_files(
    paths: Sequence[Path],
    dataset: Dataset | None,
    keeper: Callable[[RawZone], Keeper],
    as_json: bool,
) -> None:
    settings = Settings.load()
    configure_logging(settings)
    candidates = find_files(paths)
    total = sum(work_bytes(candidate) for candidate in candidates)
    with open_store(settings) as store, progress("Archiving", total, "bytes") as bar:
        archiver = Archiver(keeper(RawZone(store)), dataset, datetime.now(UTC), bar.advance)
        outcomes = list(archiver.archive_files(candidates))
    print_result(files_document(outcomes), files_tables(outcomes), as_json)
    if any(outcome.status == "refused" for outcome in outcomes):
        raise typer.Exit(SourceError.exit_code)


def _range(day: date | None, first: date | None, last: date | None) -> tuple[date, date] | None:
    """The days asked for, or None; raises BadArguments unless one way to ask was used."""
    if day and not (first or last):
        return day, day
    if first and last and not day:
        return first, last
    if day or first or last:
        raise BadArguments("which days? Give --date D, or both --from D and --to D")
    return None


def _fetch_once(city: _City, plan: Plan, required: Sequence[Dataset] | None, as_json: bool) -> None:
    with open_store(city.settings) as store, _fetching(city, store) as run:
        wanted = plan(Holdings(store.documents), city.clock())
        collected = run(wanted)
    print_result(as_document(collected), as_tables(collected), as_json)
    _refuse_nothing(collected, city.tenant.required if required is None else required)


def _turn(city: _City, plan: Plan, patience: Patience) -> None:
    with open_store(city.settings) as store:
        wanted = patience.of(plan(Holdings(store.documents), city.clock()), city.clock())
        if not wanted:
            return
        with _fetching(city, store) as run:
            collected = run(wanted)
    patience.note(collected, city.clock())
    _refuse_nothing(collected, city.tenant.required)


@contextmanager
def _fetching(city: _City, store: Store) -> Iterator[Callable[[Sequence[Wanted]], Collected]]:
    """A function that fetches what is wanted, with what killed runs left out of its way."""
    Runs(store).close_orphans(STAGE)
    city.spool.sweep()
    resting = Availability(store.documents).resting(city.clock())
    with connected(city.tenant, city.settings, city.clock, resting) as sources:
        fetcher = Fetcher(store, sources, city.spool, city.clock)

        def run(wanted: Sequence[Wanted]) -> Collected:
            total = sum(len(one.days) for one in wanted)
            with progress("Fetching", total, "days") as bar:
                return collect(fetcher, sources, wanted, bar.advance)

        yield run


def _refuse_nothing(collected: Collected, required: Sequence[Dataset]) -> None:
    if nothing := collected.without(required):
        reason = collected.reasons(nothing[0])[0]
        raise SourceError(f"nothing came of {', '.join(nothing)}: {reason}")
