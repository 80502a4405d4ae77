"""Alembic home."""
