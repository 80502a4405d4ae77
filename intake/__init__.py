"""The business side: receive a request, correct it, call back, close it."""
