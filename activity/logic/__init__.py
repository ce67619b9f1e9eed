"""Pure functions of what is told and how."""
