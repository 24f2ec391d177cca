"""Credentials: tokens, certificates, exec plugins and legacy auth providers, renewed and explained.

Imports kubeconfig and http.
"""
