"""The thresholds of the comparisons across datasets, from their table."""

from functools import partial
from typing import Final

from cityflow_processor.records.limits import limits_of

limits: Final = partial(limits_of, "cityflow_processor.across")
