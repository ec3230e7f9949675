"""Public transport: what is disrupted when, line by line, from snapshots of the messages."""
