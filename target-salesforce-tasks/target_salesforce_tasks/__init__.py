"""Singer target that brings Salesforce Tasks to Sales Connect reminders."""
