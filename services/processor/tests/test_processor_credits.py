"""Every document names the sources of all that it was made from, and says what was generated."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from processor_house import House, a_house, row, stamps, text_of

DAY = date(2025, 3, 5)
DAYS = tuple(DAY + timedelta(days=n) for n in range(9))


def hour_of(*days: date) -> str:
    return text_of([row(t_1h=stamps(day, 8)[0]) for day in days])


def invented(*days: date) -> str:
    return text_of([row(t_1h=stamps(day, 9)[0], libelle="SYN_Rue") for day in days])


def credits_of(house: House, day: date) -> list[dict[str, Any]]:
    summary = house.summary(day)
    return [summary["attribution"], *summary["context_attributions"]]


def test_the_counts_and_each_reference_in_use_are_named(house: House, real_data: Path) -> None:
    house.receive(hour_of(DAY, DAYS[2]))
    house.process()
    names = [credit["source"].rpartition(" / ")[2] for credit in credits_of(house, DAY)]
    assert names == ["comptages-routiers-permanents"]
    for dataset in ("arrondissements", "referentiel"):
        (path,) = (real_data / dataset).iterdir()
        media = path.suffix[1:]
        house.receive_file(path, dataset, media=media, extension=media)
    house.process()
    for day in DAYS[:3]:  # the one between has no data
        credits = credits_of(house, day)
        assert [credit["source"].rpartition(" / ")[2] for credit in credits] == [
            "comptages-routiers-permanents",
            "arrondissements",
            "referentiel-comptages-routiers",
        ]
        assert {credit["licence"] for credit in credits} == {"ODbL 1.0"}
        assert not any(credit["synthetic"] for credit in credits)


def test_what_was_generated_is_said_of_it_alone(house: House, real_data: Path) -> None:
    (path,) = (real_data / "arrondissements").iterdir()
    known = {"media": "geojson", "extension": "geojson", "synthetic": True}
    house.receive_file(path, "arrondissements", **known)
    house.receive(hour_of(DAY))
    house.process()
    counts, polygons = credits_of(house, DAY)
    assert not counts["synthetic"] and "simulator" not in counts["source"]
    assert polygons["synthetic"] and polygons["attribution"].startswith("Synthetic data")
    house.receive(invented(DAY), synthetic=True)
    house.process()
    assert credits_of(house, DAY)[0]["synthetic"]


def test_a_gap_is_known_from_the_nearest_days_that_are_held(house: House) -> None:
    house.receive(hour_of(DAYS[1], DAYS[3]))
    house.receive(invented(DAYS[5], DAYS[7]), synthetic=True)
    house.process(DAYS[0], DAYS[8])
    said = [house.summary(day)["attribution"]["synthetic"] for day in DAYS]
    assert said == [False, False, False, False, True, True, True, True, True]


def test_nothing_held_is_no_synthetic_data(house: House) -> None:
    house.process(DAY, DAY)
    assert not house.summary(DAY)["attribution"]["synthetic"]


@pytest.mark.parametrize("day", [DAYS[0], DAYS[1]])
def test_generated_and_measured_days_are_never_the_same_edition(day: date) -> None:
    editions = set()
    for synthetic in (True, False):
        with a_house() as house:
            house.receive(hour_of(DAYS[0], DAYS[2]), synthetic=synthetic)
            house.process()
            editions.add(house.edition(day))
    assert len(editions) == 2
