"""Where a person was: places, back and forward."""
