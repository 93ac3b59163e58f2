"""What the operator types: a noun is a folder or a file, a verb a file or a function."""
