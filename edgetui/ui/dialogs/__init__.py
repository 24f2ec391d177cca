"""Dialogs: questions that only a person answers, forms, and the progress of an action."""
