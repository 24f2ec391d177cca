"""`edgetui doctor`: each kubeconfig step by step, from the file to the clock of its server.

It asks the program's own loader, credentials, dialer and API client, one after the other, and says where they stop.
"""
