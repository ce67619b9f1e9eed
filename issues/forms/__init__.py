"""What pages of issues send."""
