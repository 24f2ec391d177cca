"""Which endpoints of a Service get new connections, from which node, and what a silent host does to that.

Imports kinds and cache.
"""
