"""Models of the study, run on panels to tidy estimates."""
