"""Texts that screens share: of clusters and links, of label filters, of logs."""
