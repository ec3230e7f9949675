"""A small, complete day of road traffic, and a real store to publish it in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from cityflow import calendar
from cityflow.attribution import attribution_for
from cityflow.contracts import Check, ComptagesSummary, Pointer, Severity
from cityflow.contracts.comptages import (
    ArcRank,
    AreaTotals,
    CongestionAlert,
    Context,
    DayTotals,
    Hour,
    ReadingQuality,
    StateCounts,
)
from cityflow.settings import Settings
from cityflow.storage import Candidate, Editions, Store, open_store

SUNDAY = date(2025, 3, 30)
EDITION = "0123456789abcdef0123"

OBSERVED: dict[str, Any] = {
    "arcs": 2,
    "expected_hours": 46,
    "flow_veh": 1234567,
    "flow_hours": 20,
    "flow_coverage": 20 / 46,
    "occupancy_mean_pct": 100 / 3,
    "occupancy_hours": 40,
    "occupancy_coverage": 40 / 46,
    "saturated_hours": 3,
    "blocked_hours": 0,
}
NOTHING = OBSERVED | {
    "flow_veh": None,
    "flow_hours": 0,
    "flow_coverage": 0.0,
    "occupancy_mean_pct": None,
    "occupancy_hours": 0,
    "occupancy_coverage": 0.0,
    "saturated_hours": 0,
}
STATES = StateCounts(
    unknown=1,
    fluid=1,
    pre_saturated=0,
    saturated=0,
    blocked=0,
    fluid_share=1.0,
    pre_saturated_share=0.0,
    saturated_share=0.0,
    blocked_share=0.0,
)


def _hours(day: date) -> tuple[Hour, ...]:
    return tuple(
        Hour(
            **(OBSERVED if index else NOTHING),
            hour_end=end,
            hour_of_day=calendar.hour_of_day(end),
            states=STATES,
        )
        for index, end in enumerate(calendar.hour_ends(day))
    )


def _arc(rank: int) -> ArcRank:
    return ArcRank(
        rank=rank,
        arc_id=f"{rank}00",
        label='Bd "Été", n°1' if rank == 1 else None,
        arrondissement="4",
        flow_veh=None if rank == 2 else 999,
        flow_coverage=0.5,
        occupancy_mean_pct=12.5,
        occupancy_coverage=1.0,
        saturated_hours=2,
        blocked_hours=0,
    )


def _alert() -> CongestionAlert:
    return CongestionAlert(
        arc_id="100",
        label="Rue_de_Rivoli",
        arrondissement="4",
        start=datetime(2025, 3, 30, 15, tzinfo=UTC),
        end=datetime(2025, 3, 30, 18, tzinfo=UTC),
        hours=3,
        peak_occupancy_pct=45.12345,
        peak_hour_end=datetime(2025, 3, 30, 17, tzinfo=UTC),
        severity="saturated",
    )


def _quality() -> ReadingQuality:
    return ReadingQuality(
        rows_in=50,
        published=46,
        rejected=2,
        rejected_by_reason={"no_such_local_hour": 2},
        duplicates=2,
        conflicts=1,
        withdrawn_values=0,
        state_mismatches=0,
        arc_status_hours={"open": 40, "invalid": 6},
        checks=(Check(name="duplicates", severity=Severity.YELLOW, message="1 conflict"),),
    )


def roads_of(
    day: date = SUNDAY,
    edition: str = EDITION,
    *,
    synthetic: bool = False,
    status: Literal["published", "no_data"] = "published",
    context: tuple[str, ...] = (),
) -> ComptagesSummary:
    hours = len(calendar.hour_ends(day))
    return ComptagesSummary(
        day=day,
        edition=edition,
        attribution=attribution_for("comptages", synthetic),
        context_attributions=tuple(attribution_for(name, False) for name in context),
        status=status,
        method_version="1",
        thresholds_version="1",
        writer_version="1",
        hours_in_day=hours,
        hours_expected=hours,
        context=Context(referentiel=None, arrondissements=None, lengths_from="counts: 2"),
        totals=DayTotals(
            **OBSERVED,
            arcs_with_flow=1,
            arcs_occupancy_only=1,
            arcs_silent=0,
            vkt_veh_km=0.1 + 0.2,
            vkt_flow_share=1.0,
        ),
        hourly=_hours(day),
        top_arcs_by_flow=(_arc(1), _arc(2)),
        top_arcs_by_saturated_hours=(_arc(1),),
        arrondissements=(
            AreaTotals(**OBSERVED, arrondissement="4", label="Hôtel-de-Ville", vkt_veh_km=1.5),
            AreaTotals(**NOTHING, arrondissement="unknown", label="", vkt_veh_km=None),
        ),
        alerts_total=1,
        alerts=(_alert(),),
        quality=_quality(),
    )


def pointer_to(summary: ComptagesSummary) -> Pointer:
    return Pointer(
        dataset="comptages",
        day=summary.day,
        edition=summary.edition,
        run_id="r",
        published_at=datetime(2025, 4, 1, tzinfo=UTC),
        status=summary.status,
        records=46 if summary.status == "published" else 0,
    )


@dataclass(frozen=True)
class Samples:
    """Builders of sample documents."""

    roads: Callable[..., ComptagesSummary] = roads_of
    pointer: Callable[[ComptagesSummary], Pointer] = pointer_to


@pytest.fixture(scope="session")
def samples() -> Samples:
    return Samples()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(output_dir=tmp_path / "output")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def publish_roads(store: Store) -> Callable[[ComptagesSummary], None]:
    """Publish a road summary as the processor does."""

    def publish(summary: ComptagesSummary) -> None:
        editions = Editions(store)
        pointer = pointer_to(summary)
        editions.publish(
            Candidate(
                dataset="comptages",
                day=summary.day,
                edition=summary.edition,
                document=summary.model_dump(mode="json"),
                status=pointer.status,
                records=pointer.records,
                run_id="r",
                now=datetime(2025, 4, 1, tzinfo=UTC),
                expected=editions.current_version("comptages", summary.day),
            )
        )

    return publish
