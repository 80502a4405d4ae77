"""What measures speed, as ratios to the machine's own limit in one run; never imported."""
