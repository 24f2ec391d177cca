"""What changes of one object share: preconditions, lost answers, waiting for the outcome, several objects at once."""
