"""Change history, user index and words for TAB."""
