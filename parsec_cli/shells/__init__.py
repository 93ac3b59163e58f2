"""Write completion scripts: one file a shell, each from the same pages, none asking the parser.

A script holds commands, options and choices itself. Only users and profiles are asked for, by
`parsec __complete`, which reads local files.
"""
