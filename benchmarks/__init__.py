"""Speed and memory beside other tools, in the same run on the same file."""
