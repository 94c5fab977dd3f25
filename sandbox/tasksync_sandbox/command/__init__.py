"""What the `sandbox` command does, one module per group of commands."""
