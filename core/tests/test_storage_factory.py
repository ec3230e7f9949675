from pathlib import Path

import pytest

from cityflow.errors import BadArguments, StoreUnavailable
from cityflow.settings import Settings
from cityflow.storage import open_store
from cityflow.storage.local import LocalObjects
from cityflow.storage.sqlite import SqliteDocuments


def test_nothing_set_gives_sqlite_and_a_folder(tmp_path: Path) -> None:
    with open_store(Settings(output_dir=tmp_path / "output")) as store:
        assert isinstance(store.documents, SqliteDocuments)
        assert isinstance(store.objects, LocalObjects)
        store.objects.put("raw/velib/x", b"x")
    assert (tmp_path / "output" / "cityflow.db").is_file()
    assert (tmp_path / "output" / "raw" / "velib" / "x").is_file()


def test_raw_stands_where_the_settings_say(tmp_path: Path) -> None:
    settings = Settings(output_dir=tmp_path / "output", data_dir_raw=tmp_path / "lake")
    with open_store(settings) as store:
        store.objects.put("raw/velib/x", b"x")
    assert (tmp_path / "lake" / "velib" / "x").is_file()


def test_a_store_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file")
    with pytest.raises(StoreUnavailable, match="cannot make the folder"):
        open_store(Settings(output_dir=tmp_path / "output"))


@pytest.mark.parametrize("settings", [{"database_type": "mongodb"}, {"use_s3": True}])
def test_a_backend_this_version_has_not_is_refused(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    chosen = Settings.model_validate({"output_dir": tmp_path, **settings})
    with pytest.raises(BadArguments, match="this version keeps"):
        open_store(chosen)
