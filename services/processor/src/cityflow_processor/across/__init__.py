"""Across datasets: the roads of a day beside its works, its public transport and its weather."""
