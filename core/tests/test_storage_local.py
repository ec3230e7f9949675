from functools import partial
from pathlib import Path

import pytest
from contract_objects import ObjectsContract, Reopen

from cityflow.storage.local import LocalObjects


class TestContract(ObjectsContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(LocalObjects, tmp_path / "output")


class TestContractWithRawElsewhere(ObjectsContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(LocalObjects, tmp_path / "output", tmp_path / "lake" / "raw")
