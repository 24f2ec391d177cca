"""What is known: pure data and pure functions. No I/O, no clock, no event loop, no Textual.

kinds are read into rows; cache holds them; pod, rollout and autoscaling judge them; panes and view show them.
"""
