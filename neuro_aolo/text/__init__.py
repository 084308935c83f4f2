"""Figures as people read them: numbers, tables, findings. Draws nothing, imports nothing."""
