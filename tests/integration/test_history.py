"""A year of one arc: the processor's months as the API reads them, counted request by request."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient

from cityflow.attribution import attribution_for
from cityflow.contracts.tables import COMPTAGES_ARCS
from cityflow.settings import Settings
from cityflow.storage import Candidate, Editions, Objects, Store, canonical, layout, open_store
from cityflow.storage.local import LocalObjects
from cityflow_api.app import create_app
from cityflow_processor.history import compact
from cityflow_processor.tables import parquet_bytes, schema

TODAY = datetime(2025, 2, 14, 12, tzinfo=UTC)
LAST = date(2025, 2, 12)
FIRST = date(2024, 1, 14)
DAYS = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
SILENT = date(2024, 5, 1)
ARCS = 700
ARC = "0345"


@dataclass
class Counted(LocalObjects):
    """Notes every object that is read, and every request that this takes."""

    root: Path
    requests: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.root)

    def open(self, key: str) -> Any:
        self.requests.append(("open", key))
        return super().open(key)

    def read(self, key: str) -> bytes:
        self.requests.append(("read", key))
        return super().read(key)

    def read_range(self, key: str, start: int, length: int) -> bytes:
        self.requests.append((f"range {length}", key))
        return super().read_range(key, start, length)

    def size(self, key: str) -> int | None:
        self.requests.append(("size", key))
        return super().size(key)

    def opened(self, part: str) -> set[str]:
        return {key for _, key in self.requests if part in key}


def arcs_of(day: date, edition: int = 0) -> pl.DataFrame:
    """Arcs of a day; each third day one arc is missing."""
    numbers = [n for n in range(ARCS) if day.day % 3 or n != int(ARC)]
    frame = pl.DataFrame({"arc_id": [f"{n:04d}" for n in numbers]})
    values: dict[str, pl.Expr] = {
        "text": pl.format("text of {}", pl.col("arc_id")),
        "int": pl.lit(10),
        "float": pl.lit(0.5),
        "instant": pl.lit(datetime(2025, 1, 1, tzinfo=UTC)),
        "date": pl.lit(date(2020, 1, 1)),
    }
    columns = [values[c.kind].alias(c.name) for c in COMPTAGES_ARCS.columns[1:]]
    flow = pl.col("arc_id").cast(pl.Int64) * 31 + day.toordinal() + edition
    frame = frame.with_columns(columns).with_columns(
        flow_veh=flow, peak_hour=pl.lit(17), geometry=pl.lit('{"coordinates":[],"type":"x"}')
    )
    return frame.cast(dict(schema(COMPTAGES_ARCS)))  # type: ignore[arg-type]


def publish(store: Store, day: date, number: int = 0) -> None:
    edition = canonical.digest(f"{day} {number}")[:20]
    frame = arcs_of(day, number) if day != SILENT else arcs_of(day).clear()
    store.objects.put(layout.table("comptages", day, edition, "arcs"), parquet_bytes(frame))
    credits = [
        attribution_for(name, synthetic=True).model_dump(mode="json")
        for name in ("comptages", "arrondissements")
    ]
    status = "no_data" if day == SILENT else "published"
    editions = Editions(store)
    candidate = Candidate(
        dataset="comptages",
        day=day,
        edition=edition,
        document={
            "schema_version": 1,
            "status": status,
            "attribution": credits[0],
            "context_attributions": credits[1:],
        },
        status=status,  # type: ignore[arg-type]
        records=frame.height,
        run_id="r",
        now=TODAY,
        expected=editions.current_version("comptages", day),
    )
    assert editions.publish(candidate) == "new"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(Settings(output_dir=tmp_path_factory.mktemp("city"))) as store:
        for day in DAYS:
            publish(store, day)
        done = compact(store, "comptages", now=TODAY)
        assert [one.outcome for one in done] == ["new"] * 13
        yield store


@pytest.fixture
def counted(city: Store) -> Counted:
    return Counted(Path(city.objects.uri("metrics/x")).parents[1])


def client_of(documents: Any, objects: Objects) -> FlaskClient:
    return create_app(Settings(), Store(documents, objects)).test_client()


def asked(client: FlaskClient, arc: str = ARC) -> dict[str, Any]:
    answer = client.get(f"/v1/arcs/{arc}/days?from={FIRST}&to={LAST}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def test_thirteen_months_open_a_few_objects(city: Store, counted: Counted) -> None:
    found = asked(client_of(city.documents, counted))
    assert len(found["days"]) == len(DAYS) == 396
    months, days = counted.opened("/history/"), counted.opened("/dt=")
    assert (len(months), len(days)) == (13, 12)
    assert len(months) <= 14
    assert len(days) <= 31
    assert len(counted.requests) <= 3 * 14 + 31
    # A month is not read whole: the end of the file, and the one group that holds the arc.
    lengths = {int(step.split()[1]) for step, key in counted.requests if step.startswith("range")}
    whole = min(info.size for info in counted.list("metrics/comptages/history/"))
    assert max(lengths) <= max(128 * 1024, whole // 2)


def test_months_say_the_same_as_days(city: Store) -> None:
    found = asked(client_of(city.documents, city.objects))
    without = client_of(_Forgetful(city.documents), city.objects)
    assert asked(without) == found
    statuses = {date.fromisoformat(day["day"]): day["status"] for day in found["days"]}
    assert statuses[SILENT] == "no_data"
    assert {d for d, status in statuses.items() if status == "absent"} == {
        day for day in DAYS if day.day % 3 == 0
    } - {SILENT}
    one = next(day for day in found["days"] if day["status"] == "observed")
    assert one["figures"]["flow_veh"] == 345 * 31 + date.fromisoformat(one["day"]).toordinal()
    assert found["attribution"]["synthetic"] is True
    assert len(found["context_attributions"]) == 1


@pytest.mark.parametrize("arc", ["0000", "0699"])
def test_the_first_and_the_last_arc_are_found(city: Store, arc: str) -> None:
    observed = [
        d for d in asked(client_of(city.documents, city.objects), arc)["days"] if d["figures"]
    ]
    assert {day["figures"]["arc_id"] for day in observed} == {arc}
    assert len(observed) == len(DAYS) - 1


@pytest.mark.parametrize("arc", ["00000", "03455", "9"])
def test_an_arc_that_is_in_no_month_is_unknown(city: Store, arc: str) -> None:
    client = client_of(city.documents, city.objects)
    assert client.get(f"/v1/arcs/{arc}/days?from={FIRST}&to={LAST}").status_code == 404


def test_a_day_published_anew_is_read_loose_until_its_month_is_made_anew(
    tmp_path: Path,
) -> None:
    with open_store(Settings(output_dir=tmp_path)) as store:
        january = [day for day in DAYS if (day.year, day.month) == (2025, 1)]
        for day in january:
            publish(store, day)
        compact(store, "comptages", now=TODAY)
        publish(store, january[6], number=1)
        objects = Counted(tmp_path)
        client = client_of(store.documents, objects)
        flows = _flows(client, january)
        assert (len(objects.opened("/history/")), len(objects.opened("/dt="))) == (1, 1)
        assert flows[6] - flows[5] == 2

        (done,) = compact(store, "comptages", now=TODAY)
        assert done.outcome == "new"
        objects.requests.clear()
        assert _flows(client, january) == flows
        assert (len(objects.opened("/history/")), len(objects.opened("/dt="))) == (1, 0)
        objects.requests.clear()
        assert _flows(client, january) == flows
        assert objects.requests == []  # an edition never changes, so it is read once


@pytest.mark.parametrize("damage", [None, b"", b"PAR1", b"x" * 50_000 + b"\xff\xff\xff\xffPAR1"])
def test_a_month_that_is_lost_or_damaged_is_read_by_its_days(
    tmp_path: Path, damage: bytes | None
) -> None:
    with open_store(Settings(output_dir=tmp_path)) as store:
        january = [day for day in DAYS if (day.year, day.month) == (2025, 1)]
        for day in january:
            publish(store, day)
        flows = _flows(client_of(store.documents, store.objects), january)
        compact(store, "comptages", now=TODAY)
        (month,) = store.objects.list("metrics/comptages/history/")
        if damage is None:
            store.objects.delete(month.key)
        else:
            store.objects.put(month.key, damage)
        assert _flows(client_of(store.documents, store.objects), january) == flows
        if damage is None:
            compact(store, "comptages", now=TODAY)
            assert store.objects.size(month.key) == month.size


def test_the_table_of_a_month_is_sorted_by_arc_in_small_groups(city: Store) -> None:
    keys = [info.key for info in city.objects.list("metrics/comptages/history/ym=2024-02/")]
    frame = pl.read_parquet(io.BytesIO(city.objects.read(keys[0])))
    assert frame.columns[:2] == ["arc_id", "day"]
    assert "geometry" not in frame.columns
    assert frame.equals(frame.sort("arc_id", "day"))
    assert frame.height == 29 * ARCS - 9


def _flows(client: FlaskClient, days: list[date]) -> list[int]:
    answer = client.get(f"/v1/arcs/0346/days?from={days[0]}&to={days[-1]}")
    assert answer.status_code == 200, answer.text
    return [day["figures"]["flow_veh"] for day in answer.json["days"]]


@dataclass
class _Forgetful:
    """Documents without months."""

    documents: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.documents, name)

    def query(self, type: str, *arguments: Any, **options: Any) -> Any:
        name = "nothing" if "history/" in type else type
        return self.documents.query(name, *arguments, **options)
