"""Metrics to the daily report."""
