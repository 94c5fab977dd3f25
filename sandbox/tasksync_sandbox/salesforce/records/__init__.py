"""What a write may say, what becomes of it, and what it changes."""
