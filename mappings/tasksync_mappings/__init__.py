"""The field map between reminder and task, and the pure merge over it."""
