"""`parsec users`: each verb is the file of that name."""

from __future__ import annotations

from parsec_cli.cli.tree import Noun

noun = Noun(
    "users",
    "List, read and change the end-users.",
    {
        "list": "List all end-users, page by page as they arrive.",
        "get": "Show all fields of one user, or of several.",
        "create": "Create an end-user, or find that it exists.",
        "set-qps": "Set the limits of one user or several, in requests per second.",
        "onboard": "Link a user to an exchange, by a managed wallet or by own keys.",
        "check": "Prove by one balance read that a user's credentials work.",
        "deactivate": "Deactivate users: their wallets, credentials and keys.",
        "plan": "Show what would bring the users to the state in FILE.",
        "apply": "Bring the users to the state in FILE: plan, show, ask, apply.",
    },
)
