"""Cities that are shipped, one TOML file each."""
