"""What to do before a run: look at a file, draft a config, check it."""
