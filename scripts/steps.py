"""One step of the demo: a command as a person would run it, seen as it goes, and what it did."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

ROOT: Final = Path(__file__).resolve().parent.parent
HOME: Final = ROOT / "demo"

out: Final = Console(highlight=False, soft_wrap=True)


class StepFailed(Exception):
    """A command of the demo ended badly; it has said why itself."""


def program(name: str) -> str:
    """Where a command of this environment lies."""
    return str(Path(sys.executable).with_name(name))


def title(text: str) -> None:
    """Say what comes next."""
    out.print(f"\n[bold]{text}[/bold]")


def step(command: str, environment: Mapping[str, str], note: str = "") -> dict[str, Any]:
    """Run one command in ./demo and return its JSON result. Raises StepFailed."""
    out.print(f"  [dim]{note}{command}[/dim]")
    name, *arguments = command.split()
    started = time.monotonic()
    done = subprocess.run(
        [program(name), *arguments, "--json"],
        cwd=HOME,
        env=environment,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise StepFailed(f"{name} ended with exit code {done.returncode}; see above")
    out.print(f"  {time.monotonic() - started:.1f} s: ", end="")
    result: dict[str, Any] = json.loads(done.stdout)
    return result
