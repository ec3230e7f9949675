"""The dashboard: a page over the API."""
