"""Singer tap for Salesforce Tasks, with their tombstones."""
