"""Panes of any kind that a cluster serves: found by a word, opened by the command line. Loaded with the command line.

Imports widgets and text; the dashboard shows what is made here.
"""
