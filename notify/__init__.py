"""Telling people, exactly once as far as the world allows."""
