"""Singer tap for Marketo Sales Connect."""
