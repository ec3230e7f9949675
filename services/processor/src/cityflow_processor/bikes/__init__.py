"""Bike counters: hourly counts by counter, site, direction and arrondissement."""
