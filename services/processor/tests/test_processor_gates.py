"""The gates of a day: what is published and says so, and what leaves the earlier edition alone."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from processor_house import House, row, stamps, text_of

from cityflow.contracts import Severity
from cityflow.storage import RawZone
from cityflow_processor.comptages.audit import Fullness, Reading, Sums, audit
from cityflow_processor.comptages.thresholds import thresholds

DAY = date(2025, 3, 5)
READING = Reading(
    rows_in=1000,
    published=1000,
    rejected_by_reason={},
    duplicates=0,
    conflicts=0,
    withdrawn_values=0,
    compared=1000,
    state_mismatches=0,
)
SUMS = Sums(flow_veh=(7, 7, 7), flow_hours=(3, 3, 3), occupancy_hours=(2, 2, 2))


def outcome(name: str, in_place: int = 0, sums: Sums = SUMS, **changed: Any) -> tuple[str, str]:
    """Severity and message of one gate."""
    checks = audit(replace(READING, **changed), sums, Fullness(in_place), thresholds())
    (found,) = [check for check in checks if check.name == name]
    return found.severity, found.message


def test_a_good_day_passes_all_gates() -> None:
    checks = audit(READING, SUMS, Fullness(1000, 5), thresholds())
    assert {check.name: check.severity for check in checks} == dict.fromkeys(
        ("schema", "duplicates", "derivation", "range", "volume", "conservation"), Severity.GREEN
    )


@pytest.mark.parametrize(
    ("gate", "changed", "severity"),
    [
        ("schema", {"rejected_by_reason": {"bad_time": 10}}, "green"),
        ("schema", {"rejected_by_reason": {"bad_time": 6, "bad_flow": 5}}, "yellow"),
        ("schema", {"rejected_by_reason": {"bad_time": 500}}, "yellow"),
        ("schema", {"rejected_by_reason": {"bad_time": 501}}, "red"),
        ("schema", {"rows_in": 24, "rejected_by_reason": {"bad_time": 24}}, "red"),
        ("schema", {"rows_in": 23, "rejected_by_reason": {"bad_time": 23}}, "yellow"),
        ("schema", {"rows_in": 0, "published": 0}, "green"),
        ("duplicates", {"duplicates": 9}, "green"),
        ("duplicates", {"duplicates": 9, "conflicts": 1}, "yellow"),
        ("duplicates", {"withdrawn_values": 1}, "yellow"),
        ("duplicates", {"conflicts": 1000, "withdrawn_values": 1000}, "yellow"),
        ("derivation", {"state_mismatches": 1}, "yellow"),
        ("derivation", {"state_mismatches": 10}, "yellow"),
        ("derivation", {"state_mismatches": 11}, "red"),
        ("derivation", {"compared": 0}, "green"),
        ("range", {"rejected_by_reason": {"negative_flow": 1}}, "yellow"),
        ("range", {"rejected_by_reason": {"implausible_flow": 1}}, "yellow"),
        ("range", {"rejected_by_reason": {"occupancy_out_of_range": 1}}, "yellow"),
        ("range", {"rejected_by_reason": {"phantom_arc": 1}}, "green"),
        ("volume", {"published": 1}, "green"),
        ("volume", {"published": 700, "in_place": 1000}, "green"),
        ("volume", {"published": 699, "in_place": 1000}, "red"),
        ("volume", {"published": 0, "in_place": 1}, "red"),
        ("conservation", {"sums": replace(SUMS, flow_veh=(7, 6, 7))}, "red"),
        ("conservation", {"sums": replace(SUMS, flow_hours=(3, 3, 2))}, "red"),
        ("conservation", {"sums": replace(SUMS, occupancy_hours=(1, 2, 2))}, "red"),
    ],
)
def test_bounds_of_each_gate(gate: str, changed: dict[str, Any], severity: str) -> None:
    assert outcome(gate, **changed)[0] == severity


def test_messages_hold_the_figures() -> None:
    assert outcome("schema", rejected_by_reason={"bad_time": 501})[1].startswith(
        "501 of 1,000 rows rejected"
    )
    assert "1,000" in outcome("volume", in_place=1000, published=1)[1]
    assert outcome("conservation", sums=replace(SUMS, flow_veh=(7, 6, 5)))[1] == (
        "flow_veh: city 7, zones 6, hours 5"
    )


def hours(count: int, **values: str | None) -> list[dict[str, str | None]]:
    """Rows of the first hours of the day."""
    return [row(t_1h=stamp, **values) for stamp in stamps(DAY, *range(count))]


def test_a_day_of_mostly_rejects_is_not_published_and_the_earlier_edition_stands(
    house: House,
) -> None:
    house.receive(text_of(hours(4)))
    assert house.counts()["editions"] == {"new": 1, "unchanged": 0, "red": 0}
    before, pointer = house.published(), house.pointer(DAY)
    house.receive(text_of([*hours(24, q="-1"), *hours(5)]))
    result = house.process()
    assert result.red_days == [DAY]
    counts = result.document()["datasets"]["comptages"]
    assert counts["editions"] == {"new": 0, "unchanged": 0, "red": 1}
    (red,) = counts["red"]
    assert red["day"] == str(DAY)
    assert red["gates"][0].startswith("schema: 24 of 33 rows rejected")
    assert house.pointer(DAY) == pointer
    after = house.published()
    assert {key: after[key] for key in before} == before
    assert not [key for key in after.keys() - before.keys() if "edition" in key]
    run = house.runs(DAY)[-1]
    assert (run.outcome, run.edition) == ("red", None)
    assert house.check(DAY, "schema")[0] == "red"
    # Once more good rows than bad ones are held, the day is published again.
    house.receive(text_of(hours(24, iu_ac="5671")))
    assert house.counts()["editions"] == {"new": 1, "unchanged": 0, "red": 0}
    current = house.pointer(DAY)
    assert current is not None and pointer is not None
    assert (current.previous, current.records) == (pointer.edition, 29)


def test_a_day_that_was_never_published_and_is_red_has_no_edition(house: House) -> None:
    house.receive(text_of([*hours(24, k="150"), *hours(1)]))
    assert house.counts()["editions"] == {"new": 0, "unchanged": 0, "red": 1}
    assert house.pointer(DAY) is None
    assert {row["reason"] for row in house.rejects()} == {"occupancy_out_of_range"}


def test_states_that_are_not_those_of_their_occupancy(house: House) -> None:
    arcs = [str(arc) for arc in range(50)]
    rows = [one for arc in arcs for one in hours(10, iu_ac=arc)]
    for wrong, severity in ((4, "yellow"), (6, "red")):
        changed = [one | {"etat_trafic": "Bloqué"} for one in rows[:wrong]]
        house.receive(text_of([*changed, *rows[wrong:]]))
        house.process()
        message = f"{wrong} of 500 published states differ from f(occupancy)"
        assert house.check(DAY, "derivation") == (severity, message)
        # The state that is published is always f(occupancy).
        assert {one["state"] for one in house.table(DAY, "arc_hours")} == {"fluid"}
    assert house.summary(DAY)["quality"]["state_mismatches"] == 4


def test_conflicts_are_yellow_and_published(house: House) -> None:
    house.receive(text_of([*hours(4), *hours(2), *hours(1, q="200.0")]))
    house.process()
    severity, message = house.check(DAY, "duplicates")
    assert (severity, message.split(",")[0]) == ("yellow", "3 duplicate rows dropped")
    quality = house.summary(DAY)["quality"]
    assert (quality["duplicates"], quality["conflicts"]) == (3, 2)
    assert house.table(DAY, "arc_hours")[0]["flow_veh"] == 200


def test_values_withdrawn_from_a_fuller_day_are_red(house: House) -> None:
    house.receive(text_of(hours(24)))
    house.process()
    pointer = house.pointer(DAY)
    house.receive(text_of(hours(24, q="", k="", etat_trafic="Inconnu")))
    assert house.counts()["editions"]["red"] == 1
    assert house.check(DAY, "volume") == (
        "red", "24 records with 0 values; the edition in place is fuller and stands: "
        "24 records with 48 values",
    )  # fmt: skip
    assert house.pointer(DAY) == pointer


def test_a_much_smaller_day_does_not_replace_a_fuller_edition(house: House) -> None:
    small = house.receive(text_of(hours(16, iu_ac="5671")))
    large = house.receive(text_of(hours(24)))
    house.process()
    pointer = house.pointer(DAY)
    forget(house, large)
    assert house.counts()["editions"] == {"new": 0, "unchanged": 0, "red": 1}
    severity, message = house.check(DAY, "volume")
    assert (severity, message) == (
        "red", "16 records with 32 values; the edition in place is fuller and stands: "
        "40 records with 80 values",
    )  # fmt: skip
    assert house.pointer(DAY) == pointer
    # 70 % of it is enough.
    house.receive(text_of(hours(12, iu_ac="1")))
    assert house.counts()["editions"]["new"] == 1
    assert small in house.runs(DAY)[-1].inputs


def forget(house: House, sha256: str) -> None:
    """Remove a raw file, as someone who frees disk space would."""
    (entry,) = [one for one in RawZone(house.store).entries("comptages")
                if one.meta.sha256 == sha256]  # fmt: skip
    house.store.objects.delete(entry.key)
    house.store.objects.delete(f"{entry.key}.meta.json")
