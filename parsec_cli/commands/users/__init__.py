"""`parsec users`: each verb is the file of the same name, imported when the line names it."""

from __future__ import annotations

from parsec_cli.cli.tree import Noun

noun = Noun(
    __name__,
    {
        "list": "List all end-users, page by page as they arrive.",
        "get": "Show all fields of one user, or of several.",
        "create": "Create an end-user, or return the existing one.",
        "set-qps": "Set the limits of one user or several, in requests per second.",
        "onboard": "Link a user to an exchange with a managed wallet or with keys.",
        "check": "Test a user's exchange credentials, and show its live rate limits.",
        "deactivate": "Deactivate users, with their wallets, credentials and keys.",
        "plan": "Show the changes that would make the users match FILE.",
        "apply": "Apply FILE: show the plan, ask, then make the changes.",
        "diff": "Show who joined, left and changed since an export.",
        "audit": "Check all users, pool and escrow config for known problems.",
    },
)
