"""What the repository API parses and prints, by noun."""
