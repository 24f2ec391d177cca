"""Widgets that only receive: none of them opens a connection."""
