"""The analysis of the road counts, day after day in order of date, and its calibrations."""
