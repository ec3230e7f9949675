"""From nothing to five weeks of reports: fetched over HTTP, processed, reported.

Most sources give days of the past; disruptions, Vélib' and works are only what they are now, so
the clock of the city is moved to the moments at which they are asked.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from scripts.source import StandIns, stand_ins
from scripts.steps import out, program, step, title

FIRST, LAST, ARCS = date(2025, 10, 3), date(2025, 11, 6), 600
"""Five weeks of an autumn: ordinary days, school holidays, 1 November, and a day of 25 hours."""

NOW: Final = "2025-11-09T08:00:00Z"
"""When the days of the past are fetched: the portal is two days behind."""

MONDAYS: Final = ("2025-10-06", "2025-10-13", "2025-10-20", "2025-10-27", "2025-11-03")
"""When the city lists its works anew."""

RUSH_HOURS: Final = tuple(
    f"2025-11-{day:02d}T{hour}Z" for day in (4, 5, 6) for hour in ("07:20:00", "16:50:00")
)
"""08:20 and 17:50 in Paris on the last three days."""

DAY_AFTER: Final = "2025-11-07T08:00:00Z"
ARCHIVED: Final = date(2025, 11, 3)
"""The last day that the archive of the weather has NOW; forecasts of the day after LAST tell the
days from then on.
"""

Environment = Mapping[str, str]


def run(environment: Environment) -> None:
    """Fetch, process and report. Raises StepFailed and CannotServe."""
    with _city(environment) as sources:
        given = {**environment, **sources.settings}
        _places(given)
        _moments(sources, given)
        _past(sources, given)
    _process(environment)
    _report(environment)


def _city(environment: Environment) -> Any:
    """A synthetic Paris behind its sources, on a free port."""
    arguments = f"serve --port 0 --arcs {ARCS} --now {NOW} --late-days 0 --revised-days 0"
    title("Publish a synthetic Paris")
    out.print(f"  [dim]cityflow-simulator {arguments}[/dim]")
    return stand_ins([program("cityflow-simulator"), *arguments.split()], environment)


def _places(given: Environment) -> None:
    title("Fetch where everything is")
    at = {**given, "CITYFLOW_NOW": NOW}
    step("cityflow-ingest snapshot arrondissements referentiel bikes", at)
    out.print("arrondissements, road arcs and bike counters, as the portal publishes them")


def _moments(sources: StandIns, given: Environment) -> None:
    """What has no history, when it is asked; asked once more, works of then are not due."""
    title("Fetch what its source keeps no history of: road works, week by week")
    for monday in MONDAYS:
        _fetched(f"{monday}T08:00:00Z", "daily --dataset chantiers", sources, given)
    title("The same of disruptions and Vélib', at six rush hours")
    for moment in RUSH_HOURS:
        _fetched(moment, "snapshot traffic velib", sources, given)
    title("The newest days of the weather, which its archive does not have yet")
    _fetched(DAY_AFTER, "snapshot weather", sources, given)


def _fetched(moment: str, command: str, sources: StandIns, given: Environment) -> None:
    sources.move(moment)
    done = step(f"cityflow-ingest {command}", {**given, "CITYFLOW_NOW": moment}, f"{moment} ")
    found = done["datasets"]
    said = ", ".join(f"{one['rows']:,} rows of {name}" for name, one in found.items())
    out.print(said or "held already")


def _past(sources: StandIns, given: Environment) -> None:
    title("Fetch five weeks of road counts, bike counts and weather")
    sources.move(NOW)
    at = {**given, "CITYFLOW_NOW": NOW}
    for dataset, last in (("comptages", LAST), ("bikes", LAST), ("weather", ARCHIVED)):
        ask = f"cityflow-ingest fetch --dataset {dataset} --from {FIRST} --to {last}"
        done = step(ask, at)["datasets"][dataset]
        out.print(
            f"{done['rows']:,} rows in {done['new'] + done['unchanged']} files, "
            f"{done['no_data']} days the source has lost"
        )


def _process(environment: Environment) -> None:
    title("Clean, measure, audit, publish")
    done = step(f"cityflow-processor backfill --from {FIRST} --to {LAST}", environment)
    out.print(f"{len(done['datasets'])} datasets")
    for name, counts in done["datasets"].items():
        out.print(f"    {name:<15}{counts['rows_in']:>9,} rows, {_editions(counts)}")


def _report(environment: Environment) -> None:
    title("Report every day")
    reports = step(f"cityflow-reporter run --from {FIRST} --to {LAST}", environment)
    out.print(_editions(reports["datasets"]["report"]))


def _editions(counts: Mapping[str, Any]) -> str:
    editions = counts["editions"]
    return f"{editions['new']} days published, {editions['unchanged']} unchanged"
