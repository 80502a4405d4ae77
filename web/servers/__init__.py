"""PostgreSQL and Valkey from wheels, started and stopped by a supervisor of our own."""
