"""What people type: one short file a group of commands."""
