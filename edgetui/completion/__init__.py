"""Completion of command lines: what may come next, from the table of commands, their own parsers and the clusters."""
