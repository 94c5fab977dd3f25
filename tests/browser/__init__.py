"""What needs a real browser: `make test-browser` and `make screenshots`, not `make test`."""
