import os
import threading
from itertools import count

from contract_support import in_threads

from cityflow.storage.per_process import PerProcess


def test_many_threads_share_one() -> None:
    numbers = count()
    gate = threading.Barrier(8)
    shared = PerProcess(lambda: next(numbers))

    def ask(_: int) -> int:
        gate.wait()
        return shared.get()

    assert in_threads(8, ask) == [0] * 8


def test_what_is_taken_away_is_made_anew() -> None:
    numbers = count()
    shared = PerProcess(lambda: next(numbers))
    assert shared.pop() is None
    assert shared.get() == 0
    assert shared.pop() == 0
    assert shared.get() == 1


def test_a_forked_child_makes_its_own() -> None:
    shared = PerProcess(os.getpid)
    assert shared.get() == os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(0 if shared.get() == os.getpid() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert shared.get() == os.getpid()
