"""What a person uses: the tasksync command."""
