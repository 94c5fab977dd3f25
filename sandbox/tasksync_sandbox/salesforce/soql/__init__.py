"""SOQL: text to rows."""
