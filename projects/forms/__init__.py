"""What people type into the pages about repositories."""
