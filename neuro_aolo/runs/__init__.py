"""One run: its settings, its folder, and what is found out about its actor."""
