"""Undo: which action is taken back, and how."""
