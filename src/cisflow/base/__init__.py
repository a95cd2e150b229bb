"""What every room may use: problems and how they are said, documents, records, thresholds."""
