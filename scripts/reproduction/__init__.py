"""The parts of ``scripts/reproduce_paper.py``: what is made, what it comes to, and how it is shown."""
