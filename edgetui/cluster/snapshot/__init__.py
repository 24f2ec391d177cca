"""The rows of earlier runs on this machine, for a start without a link.

Imports watch.
"""
