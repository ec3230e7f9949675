"""Bike-share stations: bikes, docks, empty, full and stale stations."""
