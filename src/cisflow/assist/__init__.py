"""The command `cisflow`, and what it knows of words, codes and labels."""
