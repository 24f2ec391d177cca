"""How it is changed: every write passes the gate; nothing else reaches a write verb."""
