"""Hardware profiles: one TOML per device, each figure with a range, evidence and source."""
