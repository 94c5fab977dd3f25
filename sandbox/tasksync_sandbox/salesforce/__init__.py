"""Salesforce on this machine: one org behind its REST API."""
