"""Real commands on a store of their own: run to the end, measured, or killed with SIGKILL.

Every command gets a bare environment and an address space too small to hurt the machine.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

BIN: Final = Path(sys.executable).parent
CRASH: Final = Path(__file__).with_name("crash.py")
ADDRESS_SPACE: Final = 6 << 30
MIB: Final = 1 << 20
EVERY: Final = 0.04
"""Seconds between two looks at the memory of a command."""
_MEMORY: Final = re.compile(r"^Vm(HWM|RSS):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Ended:
    """How a command ended. `peak_rss` is the highest sum over its processes, in bytes."""

    code: int
    out: str
    err: str
    peak_rss: int
    high_water: int
    seconds: float

    @property
    def document(self) -> dict[str, Any]:
        """The result as printed with --json."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    @property
    def comptages(self) -> dict[str, Any]:
        """What was done to the road counts."""
        counts: dict[str, Any] = self.document["datasets"]["comptages"]
        return counts

    @property
    def error(self) -> str:
        """The one line that a deliberate failure says; anything else is a bug."""
        assert "Traceback" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert lines == self.err.splitlines()[-1:], self.err
        return lines[0]


@dataclass(frozen=True)
class House:
    """A folder with a store in `output`, and how commands are run on it.

    `view` is where the test sees the folder, if a namespace of its own hides it.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    view: Path | None = None

    @property
    def output(self) -> Path:
        """The store, as the test sees it."""
        return (self.view or self.folder) / "output"

    def set(self, **settings: str) -> "House":
        """The same house under other settings."""
        return replace(self, settings={**self.settings, **settings})

    def copy(self, folder: Path) -> "House":
        """Another house that holds the same; only what is ever written in place is copied."""
        shutil.copytree(self.output, folder / "output", copy_function=_link)
        return replace(self, folder=folder)

    def run(self, program: str, *arguments: object, timeout: float = 300) -> Ended:
        """Run a command to its end."""
        with self.start(program, *arguments) as running:
            return running.end(timeout)

    def start(self, program: str, *arguments: object) -> "Running":
        """Start a command; use it as a context manager, which leaves nothing running."""
        return Running([str(BIN / program), *map(str, arguments)], self)

    def crash(self, moment: str, program: str, *arguments: object) -> "Running":
        """Start a command that kills itself at a step of its writing (see crash.py)."""
        command = [sys.executable, CRASH, self.folder / "steps", moment, BIN / program, *arguments]
        return Running(list(map(str, command)), self)

    def steps(self) -> list[str]:
        """The steps of writing of the last `crash`, and clean of them for the next."""
        path = self.folder / "steps"
        steps = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return steps


class Running:
    """A command at work, its memory sampled."""

    def __init__(self, command: list[str], house: House) -> None:
        self._began = time.monotonic()
        self._paths = [house.folder / name for name in ("stdout", "stderr")]
        with self._paths[0].open("wb") as out, self._paths[1].open("wb") as err:
            self.process = subprocess.Popen(
                [*house.prefix, "prlimit", f"--as={ADDRESS_SPACE}", *command],
                cwd=house.folder,
                env=_environment(house),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self._sampler = _Sampler(self.process.pid)
        self._sampler.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def ended(self) -> bool:
        """Whether it has come to its end by itself."""
        return self.process.poll() is not None

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it ends."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def kill(self) -> bool:
        """Kill -9; False if it had ended before."""
        if not self.ended:
            self.process.send_signal(signal.SIGKILL)
        self._sampler.finish()
        return self.process.wait() == -signal.SIGKILL

    def end(self, timeout: float) -> Ended:
        """Wait for its end."""
        code = self.process.wait(timeout)
        self._sampler.finish()
        out, err = (path.read_text("utf-8", "replace") for path in self._paths)
        high_water = max(self._sampler.high_water.values(), default=0)
        seconds = time.monotonic() - self._began
        return Ended(code, out, err, self._sampler.peak_rss, high_water, seconds)


class _Sampler(threading.Thread):
    """Samples a process and all below it, at a cost that leaves the machine to them."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._stop_asked = threading.Event()
        self.peak_rss = 0
        self.high_water: dict[int, int] = {}

    def run(self) -> None:
        while not self._stop_asked.wait(EVERY):
            total = 0
            for pid in _tree(self._pid):
                memory = dict(_MEMORY.findall(_read(Path(f"/proc/{pid}/status"))))
                total += int(memory.get("RSS", 0)) * 1024
                mark = int(memory.get("HWM", 0)) * 1024
                self.high_water[pid] = max(mark, self.high_water.get(pid, 0))
            self.peak_rss = max(self.peak_rss, total)

    def finish(self) -> None:
        self._stop_asked.set()
        self.join()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it has ended
        return
    for thread in threads:
        for child in _read(thread / "children").split():
            yield from _tree(int(child))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""


def _environment(house: House) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "OUTPUT_DIR": str(house.folder / "output"),
        "CITYFLOW_LOG_LEVEL": "ERROR",
        **house.settings,
    }


def _link(source: str, target: str) -> None:
    if ".db" in Path(source).name:
        shutil.copy2(source, target)
    else:
        os.link(source, target)
