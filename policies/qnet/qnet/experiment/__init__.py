"""The experiment of protocol.json: simulated logs, models, and what each is worth in sealed worlds."""
