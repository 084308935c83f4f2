"""Rows of the paper on emissions per bit: studies, and what each of them says."""
