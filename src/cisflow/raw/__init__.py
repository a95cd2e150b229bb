"""Raw extracts of any format: opened, read, checked against their digest."""
