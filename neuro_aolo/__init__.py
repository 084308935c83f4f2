"""neuro-aolo: spiking actors for low-carbon wireless LLM services, from training to the carbon ledger."""
