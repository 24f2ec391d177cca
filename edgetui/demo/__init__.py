"""A simulated fleet on loopback, in a process of its own, for trying edgetui out.

The server side is a small Kubernetes: `storage` keeps objects and versions, `routes` answers the API,
`controllers` moves the objects, `sites` tells the story. Nothing here is imported by the screen, and nothing
outside knows that a cluster is simulated: it is reached over HTTPS through an ordinary kubeconfig.
"""
