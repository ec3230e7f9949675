"""The thresholds of the road works, from one versioned table."""

from functools import partial
from typing import Final

from cityflow_processor.records.limits import limits_of

limits: Final = partial(limits_of, "cityflow_processor.chantiers")
