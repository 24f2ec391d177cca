"""Files of containers: copied as a tar archive over exec, in both directions."""
