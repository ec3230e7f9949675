"""The demo runs the real commands one after another, as a person would: nothing here computes.

Everything lies under ./demo and nothing outside it is read: no database, no `.env`, no network
but loopback. Run again, the same bytes come in and nothing new is published.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console

from cityflow.contracts import DailyReport
from cityflow.errors import CityFlowError
from cityflow.settings import Settings
from cityflow.storage import layout
from scripts.headline import figures
from scripts.serving import LOOPBACK, CannotServe, Service, refuse_busy, serve
from scripts.source import stand_ins

FIRST, LAST, ARCS = date(2025, 10, 3), date(2025, 11, 6), 600
"""Five weeks of an autumn: ordinary days, school holidays, 1 November, and a day of 25 hours."""

NOW = "2025-11-09T08:00:00Z"
"""When it is fetched: the portal is two days behind."""

ROOT = Path(__file__).resolve().parent.parent
HOME, OUTPUT = ROOT / "demo", ROOT / "demo" / "output"
ELSEWHERE = (
    *("AWS_EXECUTION_ENV", "CITYFLOW_NOW", "CITYFLOW_TENANT", "DASK_SCHEDULER_ADDRESS"),
    *("DATA_DIR_RAW", "ENGINE"),
    *("MONGODB_URL", "MONGODB_URL_FILE", "USE_DYNAMODB", "USE_S3"),
)
"""Settings that would lead the demo away from ./demo."""

out = Console(highlight=False, soft_wrap=True)


class StepFailed(Exception):
    """A command of the demo ended badly; it has said why itself."""


def main() -> int:
    """Run the demo; returns its exit code. Ctrl-C and SIGTERM end it and all it started."""
    parser = argparse.ArgumentParser(
        description="A synthetic Paris, from its sources to the dashboard."
    )
    parser.add_argument("--serve", action="store_true", help="serve until Ctrl-C at the end")
    serving = parser.parse_args().serve
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        services = _services()
        if serving:
            refuse_busy(services)
        environment = _environment(services)
        _pipeline(environment)
        _headline(OUTPUT / layout.report_file(LAST, "json"))
        if serving:
            serve(services, environment, lambda: _addresses(services))
    except (CityFlowError, CannotServe, StepFailed) as error:
        Console(stderr=True, soft_wrap=True).print(f"error: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _services() -> tuple[Service, Service]:
    """API and dashboard, on the ports of the environment. Raises BadArguments."""
    ports = {n: os.environ[n] for n in ("API_PORT", "DASHBOARD_PORT") if n in os.environ}
    settings = Settings.load(ports)
    return (
        Service(_program("cityflow-api"), "API_PORT", settings.api_port, "/readyz"),
        Service(
            _program("cityflow-dashboard"),
            "DASHBOARD_PORT",
            settings.dashboard_port,
            "/_stcore/health",
        ),
    )


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _environment(services: tuple[Service, Service]) -> dict[str, str]:
    """What every command gets: embedded database, local objects, loopback."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return kept | {
        "DATABASE_TYPE": "sqlite",
        "OUTPUT_DIR": str(OUTPUT),
        "CITYFLOW_LOG_LEVEL": os.environ.get("CITYFLOW_LOG_LEVEL") or "WARNING",
        "API_HOST": LOOPBACK,
        "API_URL": f"http://{LOOPBACK}:{services[0].port}",
        "DASHBOARD_HOST": LOOPBACK,
        **{service.setting: str(service.port) for service in services},
    }


def _pipeline(environment: Mapping[str, str]) -> None:
    """From nothing to five weeks of reports."""
    HOME.mkdir(exist_ok=True)
    with stand_ins(_stand_ins(), environment) as sources:
        _fetch({**environment, **sources, "CITYFLOW_NOW": NOW})

    backfill = "cityflow-processor backfill --dataset comptages"
    loops = _step("Clean, measure, audit, publish", backfill, environment)["datasets"]["comptages"]
    out.print(f"{loops['rows_in']:,} rows, {_editions(loops)}")

    reports = f"cityflow-reporter run --from {FIRST} --to {LAST}"
    done = _step("Report every day", reports, environment)["datasets"]["report"]
    out.print(_editions(done))


def _stand_ins() -> list[str]:
    """The command that publishes a synthetic Paris, on a free port."""
    arguments = f"serve --port 0 --arcs {ARCS} --now {NOW} --late-days 0 --revised-days 0"
    out.print("\n[bold]Publish a synthetic Paris[/bold]")
    out.print(f"  [dim]cityflow-simulator {arguments}[/dim]")
    return [_program("cityflow-simulator"), *arguments.split()]


def _fetch(environment: Mapping[str, str]) -> None:
    """From the sources to the raw zone."""
    for dataset in ("arrondissements", "referentiel"):
        _step(f"Fetch the {dataset}", f"cityflow-ingest fetch --dataset {dataset}", environment)
        out.print("as its portal publishes it")
    roads = f"cityflow-ingest fetch --dataset comptages --from {FIRST} --to {LAST}"
    fetched = _step("Fetch the road counts", roads, environment)["datasets"]["comptages"]
    out.print(
        f"{fetched['rows']:,} rows in {fetched['new'] + fetched['unchanged']} days, "
        f"{fetched['no_data']} days the source has lost"
    )


def _step(title: str, command: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Run one command in ./demo and return its JSON result; its progress is seen as it goes."""
    out.print(f"\n[bold]{title}[/bold]\n  [dim]{command}[/dim]")
    program, *arguments = command.split()
    started = time.monotonic()
    done = subprocess.run(
        [_program(program), *arguments, "--json"],
        cwd=HOME,
        env=environment,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise StepFailed(f"{program} ended with exit code {done.returncode}; see above")
    out.print(f"  {time.monotonic() - started:.1f} s: ", end="")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _editions(counts: Mapping[str, Any]) -> str:
    editions = counts["editions"]
    return f"{editions['new']} days published, {editions['unchanged']} unchanged"


def _headline(path: Path) -> None:
    """Print the headline figures of a published report, each with its coverage."""
    report = DailyReport.model_validate_json(path.read_text("utf-8"))
    if report.comptages is None:
        raise StepFailed(f"{path} holds no road traffic")
    out.print(f"\n[bold]{report.day:%A %d %B %Y}[/bold]  synthetic data")
    for name, figure, note in figures(report.comptages):
        out.print(f"  {name:<18}{figure:>18}   [dim]{note}[/dim]")
    where = path.relative_to(ROOT)
    out.print(f"\nReports   {where.parent}/\nThis one  {where}, {where.with_suffix('.csv').name}")


def _addresses(services: tuple[Service, Service]) -> None:
    api, dashboard = services
    out.print(f"\n[bold]Dashboard[/bold]  http://{LOOPBACK}:{dashboard.port}")
    out.print(f"[bold]API[/bold]        http://{LOOPBACK}:{api.port}/openapi.json")
    out.print("Ctrl-C stops both.")


if __name__ == "__main__":
    sys.exit(main())
