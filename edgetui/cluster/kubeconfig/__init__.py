"""Kubeconfig files: where they are looked for, what they say, how they are merged, and how one token is rewritten.

Imports http for the parser of addresses.
"""
