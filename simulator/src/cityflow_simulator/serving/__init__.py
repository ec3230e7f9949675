"""Stand-ins of the source services over HTTP, with faults on demand."""
