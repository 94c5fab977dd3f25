"""What the Singer plugins share with each other."""
