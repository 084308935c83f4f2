"""Any Gymnasium environment with continuous actions, as a system."""
