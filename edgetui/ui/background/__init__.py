"""What runs behind the screen: one list, its rows, and what is shown of them (`:running`, the header, on leaving).

`job.py` says what a row is and how to add one; `jobs.py` is the list. Rows are the actions that were begun, what they
leave running (guards, port-forwards), results nobody has looked at, and rollouts that somebody wants to hear of.
"""
