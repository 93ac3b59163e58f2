"""The command line itself: tree, options, help and usage errors."""
