"""One HTTP client for each of the two services."""
