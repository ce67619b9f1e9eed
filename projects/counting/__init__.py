"""Views and downloads, counted honestly: who is a machine, who was here already, what one network may add, and what is rising. No Django, no database."""
