"""deploy/iam holds exactly what each service asks of AWS, recorded from a run of its commands."""

import json
from typing import Any, Final

import pytest
from aws_rights import FOLDER, record

READS: Final = {"dynamodb:GetItem", "dynamodb:Query", "s3:GetObject", "s3:ListBucket"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, aws_login: None) -> dict[str, str]:
    return record(tmp_path_factory.mktemp("rights"))


def kept() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.json")}


def rights(service: str) -> set[tuple[str, str]]:
    """Pairs of resource and action."""
    document: dict[str, Any] = json.loads(kept()[service])
    return {(one["Resource"], action) for one in document["Statement"] for action in one["Action"]}


def test_what_is_kept_is_what_was_recorded(recorded: dict[str, str]) -> None:
    assert kept() == recorded, "stale: run `make iam`"


def test_the_api_only_reads() -> None:
    assert {action for _, action in rights("api")} <= READS


def test_ingest_writes_nothing_but_raw_files_and_the_ledger() -> None:
    writes = {where.rpartition(":")[2] for where, action in rights("ingest") if action not in READS}
    assert writes == {"${s3_bucket_raw}/raw/*", "table/${dynamodb_table_runs}"}


def test_raw_files_are_written_by_ingest_alone_and_deleted_by_no_service() -> None:
    for service in ("processor", "reporter", "api"):
        raw = {action for where, action in rights(service) if where.endswith("/raw/*")}
        assert raw <= {"s3:GetObject"}, service
    assert ("arn:aws:s3:::${s3_bucket_raw}/raw/*", "s3:DeleteObject") not in rights("ingest")


def test_no_service_may_make_or_remove_a_table_or_a_bucket() -> None:
    for service in kept():
        for where, action in rights(service):
            assert not action.startswith(("dynamodb:Create", "s3:Create", "dynamodb:DeleteTable"))
            assert "*" not in where.removesuffix("/*"), where
