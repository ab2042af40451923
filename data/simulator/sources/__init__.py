"""How each source writes what happened: one module per family of sources, no behaviour."""
