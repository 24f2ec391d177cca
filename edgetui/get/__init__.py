"""`edgetui get`, or `once`: panes and objects of any kind as text, JSON or YAML, once or as they change."""
