"""The parts of ``scripts/reproduce_paper.py``: what is trained, what it comes to, and how it is shown."""
