"""HTTP as sources speak it: one request, its faults, and polite attempts."""
