"""Where keys stand on disk: the folder of the object store, and that of raw/ wherever it is."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cityflow.storage import atomic, rules
from cityflow.storage.ports import ObjectInfo

_RAW: Final = "raw"


class LocalTree:
    """Maps keys to paths under `root`, keys under raw/ to paths under `raw_root`."""

    def __init__(self, root: Path, raw_root: Path | None) -> None:
        self._root = root.absolute()
        self._raw_root = raw_root.absolute() if raw_root else self._root / _RAW
        self._swept: set[Path] = set()
        self._anchored: set[Path] = set()
        with atomic.faults(self._root, "make the folder"):
            self._root.mkdir(parents=True, exist_ok=True)

    def path(self, key: str) -> Path:
        """The file of a key."""
        rules.check_key(key)
        return self._path(key)

    def base(self, key: str) -> Path:
        """The folder that holds this key and all of its kind."""
        return self._raw_root if key.startswith(f"{_RAW}/") else self._root

    def writable(self, key: str) -> Path:
        """The file of a key, its folder made, and freed of what killed writers left there."""
        path = self.path(key)
        folder = path.parent
        if folder not in self._swept or not folder.is_dir():
            with atomic.faults(folder, "write in"):
                folder.mkdir(parents=True, exist_ok=True)
                atomic.sweep(folder)
            self._swept.add(folder)
            self._anchored.discard(folder)
        return path

    def anchor(self, key: str) -> None:
        """Flush the folder of a key, and once those above it: its name outlives a power cut."""
        folder, base = self.path(key).parent, self.base(key)
        atomic.sync(folder)
        while folder != base and folder not in self._anchored:
            atomic.sync(folder.parent)
            self._anchored.add(folder)
            folder = folder.parent

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, in the order of keys."""
        return self._walk(prefix.rpartition("/")[0], prefix)

    def _path(self, key: str) -> Path:
        top, _, rest = key.partition("/")
        return self._raw_root / rest if top == _RAW else self._root / key

    def _walk(self, folder: str, prefix: str) -> Iterator[ObjectInfo]:
        for key, entry in sorted(self._entries(folder).items()):
            if not key.startswith(prefix):
                continue
            if key.endswith("/"):
                yield from self._walk(key[:-1], prefix)
            elif rules.is_key(key):
                try:
                    yield ObjectInfo(key, entry.stat().st_size)
                except FileNotFoundError:
                    continue  # deleted meanwhile

    def _entries(self, folder: str) -> dict[str, Path]:
        """Path by key of what a folder holds; keys of folders end with a slash, as they sort."""
        if folder:
            return _scan(self._path(folder), f"{folder}/")
        entries = {key: path for key, path in _scan(self._root, "").items() if key[-1] == "/"}
        if self._raw_root.is_dir():
            entries[f"{_RAW}/"] = self._raw_root
        return entries


def _scan(path: Path, prefix: str) -> dict[str, Path]:
    with atomic.faults(path, "list"):
        try:
            with os.scandir(path) as entries:
                return {
                    f"{prefix}{entry.name}{'/' if entry.is_dir() else ''}": Path(entry.path)
                    for entry in entries
                    if not entry.name.startswith(atomic.HIDDEN)
                }
        except (FileNotFoundError, NotADirectoryError):
            return {}
