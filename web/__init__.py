"""The roof: HTTP in, processes, wiring. Nobody imports it."""
