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
    return "--dataset" not in " ".join(args) or any(
        arg in ("comptages", "--dataset=comptages") for arg in args
    )
