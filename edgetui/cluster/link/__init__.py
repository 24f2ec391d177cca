"""Whether a cluster is reachable, since when, and how much its link bears. Pure, but for what it measures.

Imports api and http.
"""
