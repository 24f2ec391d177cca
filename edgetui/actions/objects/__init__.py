"""Actions on objects of any kind."""
