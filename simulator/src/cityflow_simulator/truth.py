"""What was injected, as one JSON document: exact counts of every day, so tests can score.

Flow totals are over distinct records: the copies that contradict a record are poorer by
construction and never the ones to keep.
"""

from typing import Any

import numpy as np

from cityflow.contracts.synthetic import SYNTHETIC_MEMBER, SYNTHETIC_PREFIX
from cityflow_simulator.city import City, Role
from cityflow_simulator.events import Change
from cityflow_simulator.faults import Episode
from cityflow_simulator.feed import Day
from cityflow_simulator.referentiel import line_counts
from cityflow_simulator.works import Work


def day_truth(city: City, day: Day) -> dict[str, Any]:
    """Counts and injected faults of one day; hours are named by the stamp that ends them."""
    records = day.records
    observed = records.flow >= 0
    return {
        "missing": day.missing,
        "hours": len(day.stamps),
        "rows": len(day.rows),
        "records": len(records),
        "duplicates_identical": day.duplicates,
        "duplicates_conflicting": day.conflicts,
        "phantom_rows": day.phantoms,
        "flow_veh": int(records.flow[observed].sum()),
        "flow_rows": int(np.count_nonzero(observed)),
        "zero_flow_rows": int(np.count_nonzero(records.flow == 0)),
        "occupancy_rows": int(np.count_nonzero(records.occupancy >= 0)),
        "stuck": [_episode(city, day, episode) for episode in day.stuck],
        "changes": [_change(city, day, change) for change in day.changes],
        "works": [_work(work) for work in day.works],
    }


def _work(work: Work) -> dict[str, Any]:
    return {
        "identifier": work.identifier,
        "arc": work.arc.arc_id,
        "impact": work.impact,
        "closes": work.closes,
        "flow_left": round(work.flow_left, 3),
        "occupancy_more": round(work.occupancy_more, 3),
    }


def _episode(city: City, day: Day, episode: Episode) -> dict[str, Any]:
    return _hours(city, day, episode) | {"size": round(episode.size, 3)}


def _change(city: City, day: Day, change: Change) -> dict[str, Any]:
    return _hours(city, day, change) | {"flow_left": round(change.flow_left, 3)}


def _hours(city: City, day: Day, one: Episode | Change) -> dict[str, Any]:
    return {
        "arc": city.arcs[one.arc].arc_id,
        "kind": one.kind,
        "first_stamp": day.stamps[one.first].isoformat(),
        "hours": one.hours,
    }


def city_truth(city: City) -> dict[str, Any]:
    """What each arc is, by identifier."""
    return {
        "total": len(city.arcs),
        "counting": city.with_role(Role.COUNTING),
        "flow_only": city.with_role(Role.FLOW_ONLY),
        "occupancy_only": city.with_role(Role.OCCUPANCY_ONLY),
        "silent": city.with_role(Role.SILENT),
        "without_geometry": [arc.arc_id for arc in city.arcs if arc.line is None],
        "outside": [arc.arc_id for arc in city.arcs if arc.kind == "access" and arc.line],
        "several_lines": line_counts(city),
    }


def document(
    arguments: dict[str, Any], city: City, files: list[dict[str, Any]], days: dict[str, Any]
) -> dict[str, Any]:
    """The whole truth file."""
    return {
        SYNTHETIC_MEMBER: True,
        "marker": {"label_prefix": SYNTHETIC_PREFIX, "geojson_member": SYNTHETIC_MEMBER},
        "arguments": arguments,
        "files": files,
        "arcs": city_truth(city),
        "missing_days": [day for day, found in days.items() if found["missing"]],
        "days": days,
    }
