"""Bulk API 2.0: jobs that write or read many records (Salesforce facts, §5)."""
