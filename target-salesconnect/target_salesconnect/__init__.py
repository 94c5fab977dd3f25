"""Singer target that brings Sales Connect reminders to Salesforce Tasks."""
