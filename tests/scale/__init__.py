"""The sync on many workers, with a real Airflow and a real PostgreSQL: `make test-scale`."""
