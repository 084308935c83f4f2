"""A run's ledger, and the command that shows it."""
