"""Bytes: connections, TLS, proxies, HTTP/1.1 and HTTP/2, requests and open streams to one API server.

Knows nothing of Kubernetes but the limits of its answers. Imports no other package of cluster.
"""
