"""Words of other tools, and what they mean here: a command, or a sentence on what does not exist.

A template is the proposed command. Names that were typed replace its placeholders, which are in
capital letters; `...` takes all of them. Nothing but a word for deleting a user may lead to what
cannot be undone.
"""

from __future__ import annotations

from collections.abc import Iterable

from parsec_cli.records import record

# each command, and words for the same thing
_SYNONYMS = {
    "deactivate": "delete remove rm del destroy delete-user remove-user erase revoke terminate",
    "unset": "delete remove rm del clear reset",
    "get": "show view describe info inspect display print cat read open details fetch",
    "show": "get view describe info inspect display print cat read details",
    "create": "add new register insert make invite",
    "set-qps": "set-limit set-limits limit limits set-quota set-rate throttle update edit set patch"
    " modify change adjust raise lower increase decrease scale",
    "list": "ls all index dir",
    "plan": "preview validate lint dry-run simulate",
    "apply": "execute commit",
    "diff": "compare delta",
    "onboard": "link connect attach link-exchange add-keys",
    "init": "login auth configure setup signin add new create",
    "check": "test verify assert alert",
    "audit": "problems scan",
    "share": "rebalance balance distribute fit shrink split divide",
    "use": "switch select use-context set-default choose default use-profile",
    "profiles": "list ls contexts get-contexts list-profiles all",
    "path": "where file location which",
    "revert": "undo rollback reverse",
    "serve": "start run up launch server listen",
    "reset": "clear clean wipe empty drop delete rm remove restart",
    "seed": "fill populate generate init create load",
    "encode": "encrypt base64 header pack hash",
    "doctor": "whoami status ping diagnose health check test debug id",
    "--version": "version ver",
}
_NOUNS = {
    "users": "user customer customers end-user end-users enduser endusers member members"
    " client clients accounts",
    "pool": "pools",
    "usage": "quota quotas tier billing subscription account me rate-limit rate-limits ratelimit",
    "escrow": "fee fees escrows",
    "config": "conf cfg settings setting preferences configuration profile profiles auth",
    "history": "hist log logs events activity changes changelog audit-log",
    "runs": "run job jobs batch batches",
    "credentials": "creds cred credential",
    "sandbox": "demo mock simulator emulator playground",
    "completion": "completions autocomplete complete",
    "api": "request curl http raw rest call",
    "help": "man docs doc manual topics guide commands",
}
NOUNS = {word: noun for noun, words in _NOUNS.items() for word in words.split()}


@record
class Meaning:
    """What a word means: the template of a command, and a sentence unless it is a synonym."""

    template: str
    sentence: str = ""


_SUSPENDING = (
    "suspend block ban lock pause freeze disable stop hold quarantine mute restrict kick"
    " close cancel archive"
)
_NO_SUSPENSION = (
    "users cannot be suspended: there is only a lower limit, or a deactivation, which cannot be"
    " undone; lower the limit with"
)
_RESIZING = (
    "resize set raise increase decrease upgrade buy grow extend update edit limit create add new"
)
# for each command the words after it, the template, and the sentence before that
_MEANINGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "users": (
        (
            "search find grep filter query lookup match",
            "users list --match TEXT",
            "users are found by a part of an id or an address:",
        ),
        (
            "export dump download backup save csv extract",
            "users list --output csv",
            "an export is a listing as csv:",
        ),
        (
            "import upload load sync push bulk bulk-create provision ingest",
            "users plan FILE",
            "a file is first planned, then applied; see what it would change with",
        ),
        (
            _SUSPENDING,
            "users set-qps USER 1",
            _NO_SUSPENSION,
        ),
        (
            "enable unblock unban unlock unsuspend unpause unfreeze resume",
            "users get USER",
            "a user cannot be suspended, so there is nothing to enable; see the user with",
        ),
        (
            "rename mv move relabel set-email email",
            "users get USER",
            "only a user's limit can be changed, not the id or email; see the user with",
        ),
        (
            "unlink disconnect detach",
            "users get USER",
            "an exchange cannot be unlinked from a user; see the user with",
        ),
        (
            "offboard",
            "help safety",
            "a user who leaves can be deactivated, which cannot be undone; read first",
        ),
        (
            "rotate rotate-key regenerate reset reset-key key keys api-key",
            "users get USER",
            "the api_key of a user cannot be replaced; see the user with",
        ),
        ("copy cp clone duplicate merge", "users create EXTERNAL_ID", "users cannot be copied:"),
        ("tag label annotate note", "users get USER", "users have no labels; see the user with"),
        ("count total number size", "pool show", "the pool shows the number of users:"),
        ("status state whoami", "users get USER", ""),
        (
            "balance balances wallet wallets holdings funds money",
            "users get USER",
            "the user's record contains the wallet:",
        ),
        (
            "position positions",
            "api GET /positions --query exchange=polymarket --as USER",
            "no command shows positions; request them with",
        ),
        (
            "order orders",
            "api GET /orders --query exchange=polymarket --as USER",
            "no command shows orders; request them with",
        ),
        ("history log logs events changes activity", "history list --user USER", ""),
        ("credentials test verify ping", "users check USER", ""),
        ("top largest biggest", "pool show --top 10", ""),
        ("watch monitor", "pool show --watch 5", ""),
        ("quota quotas rate", "users set-qps USER QPS", ""),
    ),
    "pool": (
        ("ls list status stats state usage summary all", "pool show", ""),
        ("top largest users biggest", "pool show --top 10", ""),
        ("watch monitor tail follow", "pool show --watch 5", ""),
        (
            _RESIZING,
            "pool show",
            "the size of the pool depends on the tier and cannot be changed here; see it with",
        ),
    ),
    "escrow": (
        ("ls list status check config state", "escrow show", ""),
        (
            "set enable disable update edit create add new config",
            "escrow show",
            "only Parsec can change the fee escrow; see it with",
        ),
    ),
    "usage": (
        ("ls list status quota limits summary left remaining stats", "usage show", ""),
        ("reset", "usage show", "the quota resets by itself; see when with"),
        ("set raise increase upgrade buy", "usage show", "the tier sets the quota; see it with"),
    ),
    "credentials": (
        (
            "set store save import upload link add create new update rotate",
            "users onboard USER --exchange EXCHANGE --mode self --credentials FILE",
            "the keys of a user are stored by linking the exchange:",
        ),
        ("test verify validate check", "users check USER", ""),
        (
            "show list get ls view decode decrypt",
            "users check USER",
            "the API never returns stored keys; test them with",
        ),
        (
            "delete remove rm del unlink clear revoke",
            "users get USER",
            "stored keys cannot be removed from a user; see the user with",
        ),
    ),
    "config": (
        (
            "delete remove rm del destroy purge drop",
            "config path",
            "a profile is deleted by removing its section from the config file, whose path is",
        ),
        (
            "rename mv move copy cp clone duplicate",
            "config path",
            "a profile is renamed or copied by its section in the config file, whose path is",
        ),
        (
            "edit open vi vim nano editor",
            "config path",
            "the config file can be edited with any editor; its path is",
        ),
        (
            "import export backup save dump",
            "config path",
            "all profiles are in one file; its path is",
        ),
        ("logout signout", "config unset api_key", "to remove the key of a profile, run"),
        ("current current-context current-profile status whoami", "config show", ""),
        ("verify validate test lint doctor check", "doctor", ""),
        ("key token set-key set-token rotate rotate-key", "config set api_key", ""),
        ("protect lock", "config set protected true", ""),
        ("unprotect unlock", "config unset protected", ""),
    ),
    "history": (
        ("log all", "history list", ""),
        ("search find grep filter user", "history list --user USER", ""),
        ("export dump save csv", "history list --output csv", ""),
        ("tail last latest recent", "history list --limit 10", ""),
        (
            "clear delete rm remove del prune purge clean destroy",
            "history list",
            "the history is kept: no command deletes it; see it with",
        ),
    ),
    "runs": (
        ("history log status", "runs list", ""),
        ("logs results output rows", "runs show RUN", ""),
        ("failed failures errors left", "runs show RUN --failed", ""),
        (
            "resume continue restart retry rerun again redo repeat",
            "runs show RUN --failed",
            "to continue a run, run its command again; see what is left with",
        ),
        (
            "cancel stop kill abort pause",
            "runs list",
            "Ctrl-C stops a run where it was started; see its state with",
        ),
        (
            "delete rm remove del prune purge clear clean",
            "runs list",
            "runs are kept: no command deletes them; see them with",
        ),
        ("start create new run apply", "users apply FILE", "a run starts when a file is applied:"),
    ),
    "sandbox": (
        ("ls list users", "-p sandbox users list", ""),
        ("status info show db state", "sandbox path", ""),
        ("stop down kill", "sandbox path", "Ctrl-C stops the served sandbox; its state is in"),
    ),
    "": (
        ("auth", "config init", ""),
        ("profiles contexts", "config profiles", ""),
        ("show", "users get USER...", ""),
        ("profile use switch context use-context", "config use PROFILE", ""),
        ("settings setting preferences conf cfg configuration", "config show", ""),
        ("quota quotas tier billing subscription account me", "usage show", ""),
        ("rate-limit rate-limits ratelimit limits", "usage show", ""),
        ("log logs events activity changes changelog audit-log", "history list", ""),
        ("fee fees escrows", "escrow show", ""),
        ("capacity qps", "pool show", ""),
        ("job jobs batch batches", "runs list", ""),
        ("demo mock simulator emulator playground try", "-p sandbox users list", ""),
        ("request curl http raw rest call", "api METHOD PATH", ""),
        ("logout signout", "config unset api_key", "to remove the key of a profile, run"),
        ("key keys token secret apikey api-key", "config set api_key", ""),
        ("bash zsh fish powershell", "completion SHELL", ""),
        ("metrics prometheus", "pool show --output prometheus", ""),
        ("stats dashboard report summary", "pool show", ""),
        (
            "upgrade self-update selfupdate",
            "--version",
            "parsec is updated by pip, pipx or uv; its version is",
        ),
    ),
}


def meaning(noun: str, word: str) -> Meaning | None:
    """Return what `word` means after `noun`; "" is the tool itself."""
    for words, template, sentence in _MEANINGS.get(noun, ()):
        if word in words.split():
            return Meaning(template, sentence)
    return None


def synonyms(word: str, names: Iterable[str]) -> list[str]:
    """Return those of `names` that mean the same as `word`."""
    return [name for name in names if word in _SYNONYMS.get(name, "").split()]
