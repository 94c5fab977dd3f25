"""Runs of real processes that are killed, cut off and lied to, over and over; then both sides are compared."""
