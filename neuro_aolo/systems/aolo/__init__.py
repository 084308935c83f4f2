"""WHAT IS CONTROLLED: the LLM service and its carbon (AOLO, arXiv:2503.04418)."""
