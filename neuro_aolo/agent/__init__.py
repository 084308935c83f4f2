"""WHO DECIDES: actors, their training loop, and how well they do."""
