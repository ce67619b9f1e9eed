"""What this app adds to the demo."""
