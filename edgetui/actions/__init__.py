"""How it is changed: every write passes gate, and nothing else reaches the write verbs of the API.

`catalogue.py` lists the actions. Packages import downwards: cli, undo, then guard, credentials and scaling, rollout,
change, gate.
"""
