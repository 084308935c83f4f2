"""ONE LEDGER: service, agent inference and agent training, in carbon per request."""
