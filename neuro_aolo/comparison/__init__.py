"""Learners beside each other: the same scenario, requests and seeds for all, cell by cell."""
