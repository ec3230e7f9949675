"""Every row is published or rejected with its reason, its number and its text as received."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from processor_house import COLUMNS, ROW, House, json_of, row, stamps, text_of

from cityflow_processor.comptages.validate import MAX_FLOW_VEH

WEDNESDAY = date(2025, 3, 5)
TECHNICAL = {name: name for name in COLUMNS}
MINIMAL = ("iu_ac", "t_1h", "q", "k")


def at(hour: int, **values: str | None) -> dict[str, str | None]:
    """A row of Wednesday, of the hour that starts then."""
    return row(t_1h=stamps(WEDNESDAY, hour)[0], **values)


def padding(count: int = 10) -> list[dict[str, str | None]]:
    """Good rows enough that a few bad ones do not make the day red."""
    return [at(hour, iu_ac="1") for hour in range(count)]


@pytest.mark.parametrize(
    ("values", "reason", "found"),
    [
        ({"iu_ac": None}, "missing_arc", "iu_ac is empty"),
        ({"iu_ac": " "}, "missing_arc", "iu_ac is empty"),
        ({"iu_ac": "*"}, "phantom_arc", "`*`"),
        ({"iu_ac": "42 64"}, "bad_arc_id", "'42 64'"),
        ({"iu_ac": "4" * 65}, "bad_arc_id", "444"),
        ({"t_1h": None}, "missing_time", "t_1h is empty"),
        ({"t_1h": "soon"}, "bad_time", "'soon'"),
        ({"t_1h": "0001-01-01T00:00:00+00:00"}, "year_out_of_range", "0001"),
        ({"t_1h": "2025-03-05T05:30:00+01:00"}, "not_on_the_hour", "05:30"),
        ({"t_1h": "2025-03-30 02:00:00"}, "no_such_local_hour", "2025-03-30 02:00:00"),
        ({"q": "many"}, "bad_flow", "'many'"),
        ({"q": "nan"}, "bad_flow", "NaN"),
        ({"q": "inf"}, "bad_flow", "inf"),
        ({"q": "1 000"}, "bad_flow", "'1 000'"),
        ({"q": "-1"}, "negative_flow", "-1"),
        ({"q": "12.5"}, "flow_not_whole", "12.5"),
        ({"q": str(MAX_FLOW_VEH + 1)}, "implausible_flow", "1000001"),
        ({"k": "much"}, "bad_occupancy", "'much'"),
        ({"k": "-0.1"}, "occupancy_out_of_range", "-0.1"),
        ({"k": "100.00001"}, "occupancy_out_of_range", "100.00001"),
    ],
)
def test_a_row_that_breaks_the_contract_is_kept_as_a_reject(
    house: House, values: dict[str, str | None], reason: str, found: str
) -> None:
    bad = at(5) | values
    text = text_of([*padding(), bad, at(6)], columns=MINIMAL)
    sha256 = house.receive(text)
    counts = house.counts()
    assert counts["rejected_by_reason"] == {reason: 1}
    assert (counts["rows_in"], counts["published"], counts["rejected"]) == (12, 11, 1)
    (reject,) = house.rejects()
    assert found in reject.pop("detail")
    assert reject == {
        "raw_sha256": sha256,
        "member": "",
        "row": 12,  # the header is line 1
        "reason": reason,
        "raw_text": text.splitlines()[11],
    }


def test_the_first_fault_names_the_reject(house: House) -> None:
    house.receive(text_of([*padding(), at(5, iu_ac="*", q="-1", k="200")]))
    assert house.counts()["rejected_by_reason"] == {"phantom_arc": 1}


WHOLE = "4264;{};2025-03-05T05:00:00+01:00;12;1.5;{};Ouvert;{}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("4264;x;2025-03-05T05:00:00+01:00;12", "wrong_field_count"),
        ("4264;an unquoted;delimiter;2025-03-05T05:00:00+01:00;12;1;Fluide;Ouvert;x",
         "wrong_field_count"),
        (WHOLE.format("x", "Flu\0ide", "x"), "nul_byte"),
        (WHOLE.format("\0", "Fluide", "x"), "nul_byte"),
        (WHOLE.format("x", "Flu\udcffide", "x"), "invalid_utf8"),
        # A count is not lost for what stands beside it.
        (WHOLE.format("caf\udce9", "Fluide", "\udce9"), None),
        (WHOLE.format("x", "Fluide", "x;more"), None),
        (WHOLE.format('Ru"e', "Fluide", "x"), None),
        (WHOLE.format('"Rue', "Fluide", "x"), None),
        (WHOLE.format('"Rue" b', "Fluide", "x"), None),
        (WHOLE.format("x", "Fluide", '"x'), None),
    ],
)  # fmt: skip
def test_a_line_that_is_broken_costs_no_other(house: House, line: str, reason: str | None) -> None:
    columns = ("iu_ac", "libelle", "t_1h", "q", "k", "etat_trafic", "etat_barre", "dessin")
    before = text_of(padding(), columns=columns)
    after = text_of([at(6), at(7)], columns=columns).partition("\n")[2]
    text = before + line + "\n" + after
    house.receive(text.encode("utf-8", "surrogateescape"))
    counts = house.counts()
    assert counts["rejected_by_reason"] == ({reason: 1} if reason else {})
    assert (counts["rows_in"], counts["published"]) == (13, 13 - counts["rejected"])
    shown = line.encode("utf-8", "surrogateescape").decode(errors="backslashreplace")
    assert all((one["row"], one["raw_text"]) == (12, shown) for one in house.rejects())


def test_rejects_are_kept_by_day_and_those_of_no_day_apart(house: House) -> None:
    rows = [*padding(), at(5, q="-1"), row(t_1h="soon")]
    sha256 = house.receive(text_of(rows))
    house.process()
    (dated,) = house.table(WEDNESDAY, "rejects")
    assert dated["reason"] == "negative_flow"
    (undated,) = house.rows(f"rejects/comptages/dt=unknown/{sha256[:12]}.parquet")
    assert undated["reason"] == "bad_time"
    assert house.summary(WEDNESDAY)["quality"]["rejected_by_reason"] == {"negative_flow": 1}


def test_raw_text_is_cut_at_4096_characters(house: House) -> None:
    house.receive(text_of([*padding(), at(5, q="-1", libelle="é" * 5000)]))
    house.process()
    (reject,) = house.rejects()
    assert len(reject["raw_text"]) == 4096


def test_an_empty_row_of_the_hour_that_spring_removes_is_out_of_range(house: House) -> None:
    gap = {"iu_ac": "4264", "t_1h": "2019-03-31 02:00:00"}
    whole = row(t_1h="2019-03-31 03:00:00")
    house.receive(text_of([row(**gap, q=None, k=None), whole]))
    counts = house.counts()
    assert (counts["rows_in"], counts["published"], counts["out_of_range"]) == (2, 1, 1)
    house.receive(text_of([row(**gap, q="0.0", k=None), whole, *padding()]))
    counts = house.counts()
    assert counts["rejected_by_reason"] == {"no_such_local_hour": 1}
    assert counts["out_of_range"] == 1


def values(house: House, day: date = WEDNESDAY) -> list[tuple[Any, ...]]:
    rows = house.table(day, "arc_hours")
    return [(one["flow_veh"], one["occupancy_pct"], one["state"]) for one in rows]


@pytest.mark.parametrize(
    ("text", "flow"),
    [("12", 12), ("12.0", 12), ("12,0", 12), (" 12 ", 12), ("1.2e1", 12), ("0", 0), ("", None),
     ("-0", 0), (str(MAX_FLOW_VEH), MAX_FLOW_VEH)],
)  # fmt: skip
def test_flows(house: House, text: str, flow: int | None) -> None:
    house.receive(text_of([at(5, q=text, k="1,5")]))
    house.process()
    assert values(house) == [(flow, 1.5, "fluid")]


@pytest.mark.parametrize(
    ("text", "occupancy", "state"),
    [
        ("", None, "unknown"),
        ("0", 0.0, "fluid"),
        ("14,99999", 14.99999, "fluid"),
        ("15", 15.0, "pre_saturated"),
        ("29.99999", 29.99999, "pre_saturated"),
        ("29.999996", 30.0, "saturated"),  # held in 10⁻⁵ %
        ("30", 30.0, "saturated"),
        ("49.99999", 49.99999, "saturated"),
        ("50", 50.0, "blocked"),
        ("100", 100.0, "blocked"),
    ],
)
def test_occupancies_and_their_states(
    house: House, text: str, occupancy: float | None, state: str
) -> None:
    house.receive(text_of([at(5, q="7", k=text)]))
    house.process()
    assert values(house) == [(7, occupancy, state)]
    clean = house.table(WEDNESDAY, "clean")[0]["occupancy_e5"]
    assert clean == (None if occupancy is None else round(occupancy * 100_000))


@pytest.mark.parametrize(
    ("published", "state"),
    [("Fluide", "fluid"), ("fluide", "fluid"), ("PRÉ-SATURÉ", "pre_saturated"),
     ("Pre-sature", "pre_saturated"), ("Saturé", "saturated"), ("Bloqué", "blocked"),
     ("Inconnu", "unknown"), ("0", "unknown"), ("4", "blocked"), ("3.0", "saturated"),
     (" 1 ", "fluid"), ("Perturbé", None), ("9", None), (None, None)],
)  # fmt: skip
def test_published_states_in_words_and_codes(
    house: House, published: str | None, state: str | None
) -> None:
    house.receive(text_of([at(5, etat_trafic=published)]))
    house.process()
    edition = house.runs(WEDNESDAY)[-1].outputs[0].rpartition("/")[2]
    (clean,) = house.rows(f"clean/comptages/dt={WEDNESDAY}/{edition}")
    assert clean["published_state"] == state


@pytest.mark.parametrize(
    ("published", "status"),
    [("Ouvert", "open"), ("Barré", "closed"), ("barre", "closed"), ("Invalide", "invalid"),
     ("Inconnu", "unknown"), ("1", "open"), ("2", "closed"), ("3.0", "invalid"), ("0", "unknown"),
     ("En travaux", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_published_statuses_drop_no_row(house: House, published: str | None, status: str) -> None:
    house.receive(text_of([at(5, etat_barre=published)]))
    house.process()
    (arc,) = house.table(WEDNESDAY, "arcs")
    assert (arc["arc_status"], arc["flow_veh"]) == (status, 199)
    hours = house.summary(WEDNESDAY)["quality"]["arc_status_hours"]
    assert {name for name, count in hours.items() if count} == {status}


def test_the_status_of_an_arc_is_its_most_frequent_one(house: House) -> None:
    statuses = ["Invalide", "Ouvert", "Ouvert", "Barré", "Barré", "Invalide", "Invalide", "Ouvert"]
    house.receive(text_of([at(n, etat_barre=status) for n, status in enumerate(statuses)]))
    house.process()
    # Three open and three invalid hours: the first of unknown, open, closed, invalid.
    assert house.table(WEDNESDAY, "arcs")[0]["arc_status"] == "open"


@pytest.mark.parametrize(
    "columns",
    [
        MINIMAL,
        (*MINIMAL, "etat_trafic"),
        (*MINIMAL, "geo_shape"),
        (*reversed(MINIMAL), "etat_barre"),
    ],
)
def test_optional_columns_may_be_missing(house: House, columns: tuple[str, ...]) -> None:
    house.receive(text_of([at(5), at(6, k=None)], columns=columns, names=TECHNICAL))
    house.process()
    assert values(house) == [(199, 2.20945, "fluid"), (199, None, "unknown")]
    (arc,) = house.table(WEDNESDAY, "arcs")
    assert arc["geometry_source"] == ("counts" if "geo_shape" in columns else "none")
    assert (arc["length_m"] is not None) == (arc["vkt_veh_km"] is not None)
    assert (arc["label"], arc["available_from"]) == (None, None)


def test_what_is_said_of_an_arc_is_what_its_latest_hour_says(house: House) -> None:
    early = at(5, libelle="Old", date_debut="10/10/1996", date_fin="2019-06-01T04:00:00+02:00")
    late = at(20, libelle=" New ", date_debut="1996-10-11", date_fin="soon", iu_nd_amont=None)
    house.receive(text_of([late, early]))
    house.process()
    (arc,) = house.table(WEDNESDAY, "arcs")
    assert (arc["label"], arc["node_from_id"], arc["node_to_id"]) == ("New", None, "2293")
    assert (arc["available_from"], arc["available_to"]) == (date(1996, 10, 11), None)
    house.receive(text_of([early]))
    house.process()
    assert house.table(WEDNESDAY, "arcs")[0]["label"] == "New"


def test_records_of_every_version_of_the_interface(house: House) -> None:
    bare: dict[str, Any] = {"iu_ac": "7", "t_1h": "2025-03-05T04:00:00+00:00"}
    api_v1 = {"datasetid": "comptages-routiers-permanents", "recordid": "ef5a", "fields": bare}
    api_v1["fields"] = bare | {"q": 12, "geo_point_2d": [48.8715, 2.3017]}
    listed = [api_v1, {"fields": bare | {"iu_ac": "8"}}, {"fields": bare | {"q": "-3"}}]
    for content in (listed, {"nhits": 3, "records": listed}):
        house.receive(json.dumps(content), media="json", extension="json")
    for size in (1, None):
        counts = house.counts(chunk_rows=size)
        assert counts["rejected_by_reason"] == {"negative_flow": 2}
        assert (counts["published"], counts["duplicates"]) == (2, 2)
    assert values(house) == [(12, None, "unknown"), (None, None, "unknown")]
    assert sorted({reject["row"] for reject in house.rejects()}) == [3]
    assert json.loads(house.rejects()[0]["raw_text"]) == listed[2]


def test_records_with_numbers_as_numbers_or_as_text(house: House) -> None:
    record = json.loads(json_of([at(5)]))[0]
    house.receive(json.dumps([record | {"q": 199, "k": "2.20945", "iu_ac": 4264}]),
                  media="json", extension="json")  # fmt: skip
    house.process()
    assert values(house) == [(199, 2.20945, "fluid")]


def test_hours_of_a_day_are_local(house: House) -> None:
    house.receive(text_of([row(t_1h="2025-07-02T00:00:00+02:00"), row(t_1h="2025-07-02T01:00:00")]))
    house.process()
    (last,), (first,) = (
        house.table(date(2025, 7, day), "arc_hours") for day in (1, 2)
    )  # fmt: skip
    assert (last["hour_of_day"], first["hour_of_day"]) == (23, 0)
    assert last["hour_end"] == datetime(2025, 7, 1, 22, tzinfo=UTC)


def test_arcs_may_be_named_by_words(house: House) -> None:
    house.receive(text_of([at(5, iu_ac=arc) for arc in ("A-1", "a_1", "10", "9", " 10")]))
    counts = house.counts()
    assert (counts["published"], counts["duplicates"]) == (4, 1)
    assert [arc["arc_id"] for arc in house.table(WEDNESDAY, "arcs")] == ["10", "9", "A-1", "a_1"]
    assert ROW["iu_ac"] not in {arc["arc_id"] for arc in house.table(WEDNESDAY, "arcs")}
