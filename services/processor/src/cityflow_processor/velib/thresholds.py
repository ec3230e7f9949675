"""The thresholds of the bike-share stations, from one versioned table."""

from functools import cache
from importlib.resources import files

from cityflow_processor.records.limits import Limits, read_limits


@cache
def limits() -> Limits:
    """The thresholds in force."""
    return read_limits(files(__package__).joinpath("thresholds.csv").read_text(encoding="utf-8"))
