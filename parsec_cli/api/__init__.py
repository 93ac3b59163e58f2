"""Talk to the Parsec API: the only room that imports httpx."""
