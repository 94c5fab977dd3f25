"""What many workers bring, measured, and what a large org needs, projected."""
