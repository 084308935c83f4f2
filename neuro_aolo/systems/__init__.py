"""What is controlled, one folder a system, and what every scenario is built from."""
