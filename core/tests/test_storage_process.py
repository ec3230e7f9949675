import os
import subprocess
import sys

import pytest
from contract_support import unprivileged

from cityflow.storage import process


def test_this_process_lives() -> None:
    host, _, pid = process.owner().rpartition(":")
    assert (host, pid) == (process.HOST, str(os.getpid()))
    assert process.is_here(process.owner())
    assert not process.is_gone(process.owner())
    assert not process.is_gone(process.owner(), process.TOKEN)


def test_an_earlier_process_of_this_pid_is_gone() -> None:
    assert process.is_gone(process.owner(), "00000000")


def test_a_process_of_another_user_lives() -> None:
    assert unprivileged(process.is_gone, f"{process.HOST}:1", "00000000") is False


def test_an_ended_process_is_gone_even_before_its_parent_noticed() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = f"{process.HOST}:{child.pid}"
    assert not process.is_gone(owner)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process.is_gone(owner)
    child.communicate()
    assert process.is_gone(owner)


@pytest.mark.parametrize("owner", ["elsewhere:1", "", ":1", f"{process.HOST}:", "x"])
def test_of_another_host_nothing_is_known(owner: str) -> None:
    assert not process.is_gone(owner)
