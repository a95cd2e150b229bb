"""Claims of the literature, held against the estimates."""
