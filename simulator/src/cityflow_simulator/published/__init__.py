"""Datasets as a portal publishes them: named fields, and slices of typed records."""
