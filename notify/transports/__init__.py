"""One file per way a letter can leave."""
