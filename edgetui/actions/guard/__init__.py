"""The guard: its plan, its watch over one rollout, the check before it rolls back, its record."""
