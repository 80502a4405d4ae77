"""The floor every room stands on: the ticket, its timeline, and the means they need."""
