"""A synthetic Paris and stand-ins of the source services."""
