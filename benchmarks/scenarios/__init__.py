"""The scenarios: what is measured, and the floor that it is measured against."""
