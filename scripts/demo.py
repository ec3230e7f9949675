"""The demo runs the real commands one after another, as a person would: nothing here computes.

Everything lies under ./demo and nothing outside it is read: no database, no `.env`, no network
but loopback. Run again, the same bytes come in and nothing new is published.
"""

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from cityflow.contracts.report import DailyReport
from cityflow.errors import CityFlowError
from cityflow.settings import Settings
from cityflow.storage import layout
from scripts import pipeline
from scripts.headline import figures
from scripts.serving import LOOPBACK, CannotServe, Service, refuse_busy, serve
from scripts.steps import HOME, ROOT, StepFailed, out, program

OUTPUT = HOME / "output"
ELSEWHERE = (
    *("AWS_EXECUTION_ENV", "CITYFLOW_NOW", "CITYFLOW_TENANT", "DASK_SCHEDULER_ADDRESS"),
    *("DATA_DIR_RAW", "ENGINE", "PRIM_API_KEY", "PRIM_API_KEY_FILE"),
    *("MONGODB_URL", "MONGODB_URL_FILE", "USE_DYNAMODB", "USE_S3"),
)
"""Settings that would lead the demo away from ./demo."""


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
        HOME.mkdir(exist_ok=True)
        pipeline.run(environment)
        _headline(OUTPUT / layout.report_file(pipeline.LAST, "json"))
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
        Service(program("cityflow-api"), "API_PORT", settings.api_port, "/readyz"),
        Service(
            program("cityflow-dashboard"),
            "DASHBOARD_PORT",
            settings.dashboard_port,
            "/_stcore/health",
        ),
    )


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


def _headline(path: Path) -> None:
    """Print the headline figures of a published report, each with what it rests on."""
    report = DailyReport.model_validate_json(path.read_text("utf-8"))
    out.print(f"\n[bold]{report.day:%A %d %B %Y}[/bold]  synthetic data")
    for name, figure, note in figures(report):
        out.print(f"  {name:<18}{figure:>20}   [dim]{note}[/dim]")
    where = path.relative_to(ROOT)
    out.print(f"\nReports   {where.parent}/\nThis one  {where}, {where.with_suffix('.csv').name}")


def _addresses(services: tuple[Service, Service]) -> None:
    api, dashboard = services
    out.print(f"\n[bold]Dashboard[/bold]  http://{LOOPBACK}:{dashboard.port}")
    out.print(f"[bold]API[/bold]        http://{LOOPBACK}:{api.port}/openapi.json")
    out.print("Ctrl-C stops both.")


if __name__ == "__main__":
    sys.exit(main())
