import os
from pathlib import Path

import pytest

from cityflow.errors import BadArguments
from cityflow_ingest.find_files import Candidate, find_files


def write(path: Path, content: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_files_come_as_given_and_folders_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    last = write(folder / "b" / "2.csv")
    first = write(folder / "a.csv", "four")
    middle = write(folder / "b" / "10.csv")
    given = write(tmp_path / "z.csv")
    found = find_files([given, folder])
    assert [one.path for one in found] == [given, first, middle, last]
    assert found[1] == Candidate(first, 4)


def test_hidden_files_are_left_out_of_folders_but_taken_when_named(tmp_path: Path) -> None:
    hidden = write(tmp_path / "data" / ".DS_Store")
    write(tmp_path / "data" / ".git" / "config")
    shown = write(tmp_path / "data" / "a.csv")
    assert [one.path for one in find_files([tmp_path / "data"])] == [shown]
    assert [one.path for one in find_files([hidden])] == [hidden]


def test_links_are_followed_but_never_round_in_a_circle(tmp_path: Path) -> None:
    target = write(tmp_path / "elsewhere" / "a.csv")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "again").symlink_to(folder)
    (folder / "linked").symlink_to(target.parent)
    (folder / "lost").symlink_to(tmp_path / "nothing")
    found = find_files([folder])
    assert [(one.path.name, one.flaw) for one in found] == [
        ("a.csv", ""),
        ("lost", "a file that cannot be looked at (No such file or directory)"),
    ]


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (found,) = find_files([tmp_path / "pipe.csv"])
    assert found.flaw == "a pipe, socket or device"


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    assert find_files([tmp_path]) == [Candidate(tmp_path, flaw="a folder without files")]


def test_a_path_that_does_not_exist_is_a_wrong_argument(tmp_path: Path) -> None:
    with pytest.raises(BadArguments, match=r"nothing\.csv: No such file"):
        find_files([tmp_path, tmp_path / "nothing.csv"])
