"""Pull requests: proposed commits with versions, reviews on lines, and the rules under which they are merged."""
