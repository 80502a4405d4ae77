"""Promises: calendars, clocks, sweeps, figures and bulletins."""
