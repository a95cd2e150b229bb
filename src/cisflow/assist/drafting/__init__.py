"""A codebook drafted from an extract."""
