"""Custody of personal data: exports, people's requests about their own, retention, keys."""
