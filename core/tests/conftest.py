"""Folders of the storage tests. Their contracts are plain modules, whose asserts explain too."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("contract_support", "contract_documents", "contract_objects")


@pytest.fixture
def open_tmp() -> Iterator[Path]:
    """A temporary folder that any user may enter and write in (pytest's own are private)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        folder.chmod(0o777)
