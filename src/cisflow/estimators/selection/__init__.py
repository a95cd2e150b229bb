"""Selection and endogeneity: who is asked, who cooperates, and what that does to an estimate."""
