"""What a person sees: the Textual app, its screens, widgets, keys and themes."""
