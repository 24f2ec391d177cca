"""What runs in containers for as long as a person wants: commands and shells. Imports change and gate."""
