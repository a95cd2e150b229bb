"""The one gate between microdata and everything else: what aggregates may say about firms."""
