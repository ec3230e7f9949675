"""What the figures of a document rest on, in words."""

from cityflow.contracts import ComptagesSummary
from cityflow.contracts.across import AcrossSummary
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.daily import DaySummary
from cityflow.contracts.roads import RoadsSummary
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.weather import WeatherSummary
from cityflow_dashboard.format import share
from cityflow_dashboard.text import Text


def coverage(
    summary: ComptagesSummary | RoadsSummary | AcrossSummary | DaySummary, text: Text
) -> str:
    """The coverage of a day in the words of its dataset; unknown is a dash."""
    if isinstance(summary, ComptagesSummary):
        flow, occupancy = summary.totals.flow_coverage, summary.totals.occupancy_coverage
        return text(
            "cover.comptages", flow=share(flow, text.lang), occupancy=share(occupancy, text.lang)
        )
    return text(f"cover.{summary.dataset}", share=share(_share(summary), text.lang))


def _share(summary: RoadsSummary | AcrossSummary | DaySummary) -> float | None:
    found: float | None = None
    match summary:
        case RoadsSummary():
            found = summary.totals.index_coverage
        case AcrossSummary():
            found = summary.city.compared_share
        case BikesSummary() | TrafficSummary():
            found = summary.totals.coverage
        case VelibSummary():
            found = summary.totals.live_share
        case ChantiersSummary():
            found = summary.totals.impact_share
        case WeatherSummary():
            found = summary.coverage
    return found
