"""The console in a browser: what the command tells and does, on pages."""
