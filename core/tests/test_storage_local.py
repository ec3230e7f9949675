import errno
import os
import resource
from functools import partial
from pathlib import Path

import pytest
from contract_objects import KEY, MIB, Generated, ObjectsContract, Reopen, write_for_ever
from contract_support import in_processes, in_threads, killed, one_line, unprivileged

from cityflow.errors import StoreUnavailable
from cityflow.storage import process
from cityflow.storage.local import LocalObjects


class TestContract(ObjectsContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(LocalObjects, tmp_path / "output")


class TestContractWithRawElsewhere(ObjectsContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(LocalObjects, tmp_path / "output", tmp_path / "lake" / "raw")


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path)


def files(folder: Path) -> list[str]:
    """Every file below a folder, hidden ones too."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def leave_behind(folder: Path, owner: str, token: str) -> Path:
    """A hidden file as a writer of that identity leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".tmp~{owner}~{token}~0"
    path.write_bytes(b"part")
    return path


def gone_pid(_: int) -> int:
    return os.getpid()


def put_beyond_the_limit(_: int, root: Path) -> list[str]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, 4 * MIB))
    objects = LocalObjects(root)
    messages = []
    for put in (objects.put, objects.put_if_absent):
        try:
            put("raw/comptages/large", Generated(16 * MIB))
        except StoreUnavailable as error:
            messages.append(str(error))
    return messages


def refusals_as_nobody(root: Path) -> list[str]:
    messages = []
    objects = LocalObjects(root)
    for use in (
        lambda: objects.put("closed/new", b"x"),
        lambda: objects.put("closed/folder/new", b"x"),
        lambda: objects.read("open/secret"),
        lambda: objects.size("closed/x/y"),
        lambda: list(objects.list("closed/")),
    ):
        try:
            use()
        except StoreUnavailable as error:
            messages.append(str(error))
    return messages


def test_a_file_stands_under_its_key(tmp_path: Path, objects: LocalObjects) -> None:
    objects.put("raw/velib/x.json", b"{}")
    assert files(tmp_path) == ["raw/velib/x.json"]
    assert objects.uri("raw/velib/x.json") == str(tmp_path / "raw" / "velib" / "x.json")


def test_raw_may_stand_elsewhere(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path / "output", tmp_path / "lake")
    objects.put("raw/velib/x.json", b"{}")
    objects.put("rawish/x", b"x")
    assert files(tmp_path) == ["lake/velib/x.json", "output/rawish/x"]
    (tmp_path / "output" / "raw").mkdir()
    (tmp_path / "output" / "raw" / "other").write_bytes(b"x")
    assert [info.key for info in objects.list("")] == ["raw/velib/x.json", "rawish/x"]
    assert [info.key for info in objects.list("raw/")] == ["raw/velib/x.json"]


def test_a_relative_root_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    objects = LocalObjects(Path("output"))
    monkeypatch.chdir("/")
    objects.put("a/b", b"x")
    assert files(tmp_path) == ["output/a/b"]


def test_the_database_and_hidden_files_are_no_objects(
    tmp_path: Path, objects: LocalObjects
) -> None:
    objects.put("a/b", b"x")
    for name in ("cityflow.db", "cityflow.db-wal", ".lock", "a/.DS_Store", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / os.fsdecode(b"a/\xff")).write_bytes(b"x")
    assert [info.key for info in objects.list("")] == ["a/b"]


def test_a_list_walks_only_the_folder_of_its_prefix(
    objects: LocalObjects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for day in range(10, 20):
        objects.put(f"parts/comptages/dt=2025-01-{day}/a.parquet", b"x", durable=False)
    walked: list[Path] = []
    scandir = os.scandir

    def spy(path: Path) -> object:
        walked.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", spy)
    assert len(list(objects.list("parts/comptages/dt=2025-01-15/"))) == 1
    assert walked == [tmp_path / "parts/comptages/dt=2025-01-15"]


def test_a_list_passes_over_what_is_deleted_meanwhile(objects: LocalObjects) -> None:
    for name in ("1", "2", "3"):
        objects.put(f"a/{name}", b"x")
    listed = objects.list("a/")
    assert next(listed).key == "a/1"
    objects.delete("a/2")
    assert [info.key for info in listed] == ["a/3"]


def test_other_users_may_read_an_object(tmp_path: Path, objects: LocalObjects) -> None:
    before = os.umask(0o022)
    objects.put("a/b", b"x")
    os.umask(before)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("put", ["put", "put_if_absent"])
def test_only_a_durable_put_waits_for_the_disk(
    objects: LocalObjects, monkeypatch: pytest.MonkeyPatch, put: str, tmp_path: Path
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def spy(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.append(str(path).removeprefix(str(tmp_path)))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    getattr(objects, put)("a/b/cache", b"x", durable=False)
    assert flushed == []
    getattr(objects, put)("a/b/1", b"x")
    assert flushed[0].startswith("/a/b/.tmp~")
    assert flushed[1:] == ["/a/b", "/a", ""]
    flushed.clear()
    getattr(objects, put)("a/b/2", b"x")
    assert flushed[1:] == ["/a/b"]


def test_an_object_found_is_flushed_too(
    objects: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put("a/b", b"x", durable=False)
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    assert not objects.put_if_absent("a/b", b"x")
    assert len(flushed) == 3


def test_what_killed_writers_left_is_removed(tmp_path: Path, objects: LocalObjects) -> None:
    (pid,) = in_processes(1, gone_pid)
    me, folder = process.owner(), tmp_path / "a"
    dead = leave_behind(folder, f"{process.HOST}:{pid}", "0" * 8)
    earlier_life = leave_behind(folder, me, "0" * 8)
    old = leave_behind(folder, "elsewhere:1", "0" * 8)
    os.utime(old, (0, 0))
    mine = leave_behind(folder, me, process.TOKEN)
    alive = leave_behind(folder, f"{process.HOST}:{os.getppid()}", "0" * 8)
    foreign = leave_behind(folder, "elsewhere:2", "0" * 8)
    objects.put("a/b", b"x")
    assert [path.exists() for path in (dead, earlier_life, old)] == [False] * 3
    assert [path.exists() for path in (mine, alive, foreign)] == [True] * 3
    assert [info.key for info in objects.list("")] == ["a/b"]


def test_a_killed_writer_leaves_no_file_after_the_next_put(tmp_path: Path) -> None:
    reopen = partial(LocalObjects, tmp_path)
    for _ in range(4):
        assert list(killed(write_for_ever, reopen, after=0.05)) == ["ready"]
        objects = reopen()
        objects.put(KEY, b"x")
        assert files(tmp_path) == [info.key for info in objects.list("")]


def test_a_full_file_leaves_nothing(tmp_path: Path) -> None:
    (messages,) = in_processes(1, put_beyond_the_limit, tmp_path)
    folder = tmp_path / "raw" / "comptages"
    assert (
        messages
        == [f"cannot write in {folder}: {os.strerror(errno.EFBIG)}; check the disk and the path"]
        * 2
    )
    assert files(tmp_path) == []


def test_what_a_user_may_not_do_is_said(open_tmp: Path) -> None:
    root = open_tmp / "output"
    objects = LocalObjects(root)
    objects.put("closed/x", b"x")
    objects.put("open/secret", b"x")
    (root / "open" / "secret").chmod(0)
    (root / "closed").chmod(0)
    messages = unprivileged(refusals_as_nobody, root)
    denied = f"{os.strerror(errno.EACCES)}; give this user permission there"
    assert [message.endswith(denied) for message in messages] == [True] * 5
    assert messages[2].startswith(f"cannot read {root / 'open' / 'secret'}: ")


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file")
    with pytest.raises(StoreUnavailable) as error:
        LocalObjects(tmp_path / "output")
    assert f"cannot make the folder {tmp_path / 'output'}: " in one_line(error)


def test_an_object_in_place_of_a_folder_is_refused(objects: LocalObjects) -> None:
    objects.put("a/b", b"x")
    with pytest.raises(StoreUnavailable) as error:
        objects.put("a/b/c", b"x")
    assert "a/b" in one_line(error)
    assert objects.read("a/b") == b"x"


def test_a_folder_removed_meanwhile_is_made_again(tmp_path: Path, objects: LocalObjects) -> None:
    objects.put("parts/a/b", b"x")
    (tmp_path / "parts" / "a" / "b").unlink()
    (tmp_path / "parts" / "a").rmdir()
    objects.put("parts/a/b", b"y")
    assert objects.read("parts/a/b") == b"y"


def test_without_hard_links_one_still_wins(
    objects: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    won = in_threads(8, lambda n: objects.put_if_absent(KEY, b"%d" % n))
    assert won.count(True) == 1
    assert objects.read(KEY) == b"%d" % won.index(True)
    assert [info.key for info in objects.list("")] == [KEY]


def test_a_link_refused_for_another_reason_is_said(
    objects: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StoreUnavailable, match=os.strerror(errno.EIO)):
        objects.put_if_absent(KEY, b"x")
    assert objects.size(KEY) is None
