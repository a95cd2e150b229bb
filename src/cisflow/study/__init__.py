"""What the user wrote: the run, its codebooks, models and claims, checked before any job starts."""
