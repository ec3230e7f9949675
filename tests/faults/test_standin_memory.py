"""A stand-in streams an export of any size in the memory of one day."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from harness import MIB

pytestmark = pytest.mark.slow

GB = 1_000_000_000
MOST = 512 * MIB
GROWTH = 1.10
EXPORT = "/api/explore/v2.1/catalog/datasets/comptages-routiers-permanents/exports/csv"


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Address and process number of the stand-in of a whole Paris."""
    command = Path(sys.executable).with_name("cityflow-simulator")
    arguments = ("serve", "--port", "0", "--now", "2025-11-20T08:00:00Z")
    with subprocess.Popen([command, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
        process.terminate()


def _streamed(url: str, pid: int, *sizes: int) -> list[int]:
    """The most memory the process ever held after so many bytes of one export; then hang up."""
    params = {"use_labels": "true", "timezone": "Europe/Paris"}
    plain = {"Accept-Encoding": "identity"}
    with requests.get(url + EXPORT, params, headers=plain, stream=True, timeout=60) as answer:
        assert answer.status_code == 200 and "Content-Length" not in answer.headers
        received, held = 0, list[int]()
        for piece in answer.raw.stream(MIB):
            received += len(piece)
            if received >= sizes[len(held)]:
                held.append(_high_water(pid))
            if len(held) == len(sizes):
                return held
    pytest.fail(f"the export ended after {received:,} bytes")


def _high_water(pid: int) -> int:
    """The most memory the process ever held, bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _peaks() -> tuple[int, int]:
    """The most memory a fresh stand-in held after a tenth of a gigabyte, and after a whole one."""
    # Of one export: each request has a thread, and each thread some memory, of its own.
    with served() as (url, pid):
        small, large = _streamed(url, pid, GB // 10, GB)
    print(f"0.1 GB: {small / MIB:.0f} MiB, 1 GB: {large / MIB:.0f} MiB")
    assert large < MOST
    return small, large


def test_a_gigabyte_takes_the_memory_of_a_tenth_of_it() -> None:
    # The allocators of two equal runs differ by some MiB: what it needs is the lower one.
    small, large = _peaks()
    if large >= GROWTH * small:
        small, large = map(min, (small, large), _peaks())
    assert large < GROWTH * small
