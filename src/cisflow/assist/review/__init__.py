"""``cisflow review``: the sheet by which a person confirms what the columns of a file mean."""
