"""Company accounts: layouts, headers and figures to one row per firm and fiscal year."""
