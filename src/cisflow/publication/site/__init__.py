"""The co-author's page: one file that opens on the claims and needs nothing else."""
