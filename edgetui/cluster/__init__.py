"""How it is known: one cluster, from kubeconfig files to rows in a store. No Textual, and no write without a permit.

`session.py` ties the packages together; each may import those below it, never above: snapshot, watch, link, api, auth,
kubeconfig, http.
"""
