"""`tasksync doctor`: looks at everything that a sync needs, writes nothing, and says for each what to do."""
