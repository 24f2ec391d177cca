"""One request and its answer: the API client, its errors, probes, versions, metrics, logs and the cache audit.

Imports http.
"""
