"""How far a project can be trusted, from what its repository shows: what its licence allows, and checks like those of OpenSSF. No Django, no Git."""
