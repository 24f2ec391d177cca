"""Rows of one cluster in memory: the store, how fresh they are, what is kept on disk, what an audit found."""
