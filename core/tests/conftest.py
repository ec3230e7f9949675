"""Folders of the storage tests. Their contracts are plain modules, whose asserts explain too."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from admin_support import Command

pytest.register_assert_rewrite(
    "admin_support", "contract_support", "contract_documents", "contract_objects"
)


@pytest.fixture
def open_tmp() -> Iterator[Path]:
    """A temporary folder that any user may enter and write in (pytest's own are private)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        folder.chmod(0o777)


@pytest.fixture
def cityflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> "Command":
    """Runs `cityflow` on the store in `tmp_path / "here"`."""
    from admin_support import Command

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "here"))
    monkeypatch.setenv("CITYFLOW_LOG_LEVEL", "ERROR")
    return Command(capsys)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder of a store that holds one of everything."""
    from admin_support import fill, open_store

    with open_store(tmp_path / "here") as store:
        fill(store)
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The folder of another store, not made yet."""
    return tmp_path / "there"


@pytest.fixture
def saved(cityflow: "Command", here: Path, tmp_path: Path) -> Path:
    """A backup of the store."""
    assert cityflow("backup", tmp_path / "backup") == 0
    return tmp_path / "backup"


@pytest.fixture
def exported(cityflow: "Command", here: Path, tmp_path: Path) -> Path:
    """An export of the store."""
    assert cityflow("export", tmp_path / "export") == 0
    return tmp_path / "export"


@pytest.fixture
def into(cityflow: "Command", there: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From now on `cityflow` works on another store, not made yet."""
    monkeypatch.setenv("OUTPUT_DIR", str(there))
    return there
