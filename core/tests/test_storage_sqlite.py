from functools import partial
from pathlib import Path

import pytest
from contract_documents import DocumentsContract, Reopen

from cityflow.storage.sqlite import SqliteDocuments


class TestContract(DocumentsContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(SqliteDocuments, tmp_path / "output" / "cityflow.db")
