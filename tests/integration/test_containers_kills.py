"""Kill -9 of every container at random moments: the stack heals by itself, nothing is missing."""

import os
import random
import time
from pathlib import Path

import compose_stack
import pytest
from compose_stack import DEMO_NOW, SERVICES, wait

pytestmark = pytest.mark.containers

SEED = int(os.environ.get("FAULT_SEED") or random.randrange(10**6))
ROUNDS = 10
MOST_SECONDS = 3.0  # the engine waits ever longer with what ran for less than 10 s
DAYS = [f"2025-{month:02d}-{day:02d}" for month, day in ((10, 27), (10, 31), (11, 3), (11, 6))]
READ = """
import json, sys
import polars
from cityflow.contracts import Pointer
from cityflow.settings import Settings
from cityflow.storage import Editions, open_store
with open_store(Settings.load()) as store:
    editions = Editions(store)
    for pointer in editions.pointers("comptages"):
        assert editions.document("comptages", pointer.day, pointer.edition), pointer
        base = f"metrics/comptages/dt={pointer.day}/{pointer.edition}/"
        for found in store.objects.list(base):
            polars.read_parquet(store.objects.read(found.key))
        clean = f"clean/comptages/dt={pointer.day}/{pointer.edition}.parquet"
        rows = polars.read_parquet(store.objects.read(clean)).height if pointer.records else 0
        assert rows == pointer.records, pointer
"""


def test_ten_rounds_of_kills_leave_a_whole_stack_and_whole_editions(tmp_path: Path) -> None:
    print(f"FAULT_SEED={SEED}")
    chance = random.Random(SEED)
    with compose_stack.stack(tmp_path, SIMULATOR_NOW=DEMO_NOW, SIMULATOR_ARCS="100") as stack:
        stack.up()
        for _ in range(ROUNDS):
            for service in chance.sample(SERVICES, len(SERVICES)):
                time.sleep(chance.uniform(0, MOST_SECONDS))
                stack.kill(service)
        wait(lambda: stack.is_healthy(*SERVICES), 180, "all are well again")
        wait(lambda: stack.has_reported(*DAYS), 240, "all days are reported")
        stack.inside("processor", READ)
        restarts = [stack.container(service)["RestartCount"] for service in SERVICES]

    assert min(restarts) >= ROUNDS
