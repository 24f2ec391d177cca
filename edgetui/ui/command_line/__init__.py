"""The commands behind `:`, their completion, and what they do."""
