"""What an API server serves: its resources, and which of them a word means.

Imports nothing of edgetui.
"""
