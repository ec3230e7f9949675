"""Entry of the processor's command: before all else is loaded, a second process may start too."""

import sys
from collections.abc import Sequence

from cityflow_processor import early


def main() -> None:
    """The command line of the processor."""
    if may_be_large(sys.argv[1:]):
        early.begin()
    from cityflow_processor.main import app

    app()


def may_be_large(args: Sequence[str]) -> bool:
    """Whether a command line may ask for so much that a second process is worth its start."""
    if args[:1] != ["backfill"] or {"--help", "--watch"} & set(args):
        return False
    chooses = any(arg.startswith("--dataset") for arg in args)
    return not chooses or bool({"comptages", "--dataset=comptages"} & set(args))
