"""The clients, over real HTTP."""
