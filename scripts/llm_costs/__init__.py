"""What scripts/llm_energy.py is made of."""
