"""Sound to segments."""
