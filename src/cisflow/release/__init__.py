"""The one gate: what stages found about firms, and what of it may leave `microdata/`."""
