"""Updates of hosts over the air: how far an update has come, what holds it up, and how far versions are apart."""
