"""A wave: the columns of an extract to the answers of firms."""
