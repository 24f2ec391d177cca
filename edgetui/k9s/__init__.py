"""What a person has set in k9s, for edgetui."""
