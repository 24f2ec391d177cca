"""How it is known: one cluster, from kubeconfig files to rows in a store."""
