"""The completion script for PowerShell, from 5.1: tables, and one native argument completer."""

from __future__ import annotations

from parsec_cli.cli.help_pages import Page
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.shells import filled, names_with_value, split_options

_ENGINE = r"""
Register-ArgumentCompleter -Native -CommandName parsec -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # for each command: what may follow, its operands, its own options, each with what it takes
    $tree = @{
@TREE@    }
    $common = @(
@COMMON@    )
    $valued = @(@VALUED@)

    $words = @(
        $commandAst.CommandElements |
            Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object {
                if ($_.PSObject.Properties['Value']) { [string]$_.Value } else { $_.Extent.Text }
            }
    )
    $path = 'parsec'; $operands = 0; $expects = ''; $ended = $false
    foreach ($word in ($words | Select-Object -Skip 1)) {
        if ($expects) { $expects = '' }
        elseif ($ended) { $operands++ }
        elseif ($word -ceq '--') { $ended = $true }
        elseif ($word -clike '-*') { if ($valued -ccontains $word) { $expects = $word } }
        elseif ($tree.ContainsKey("$path $word")) { $path = "$path $word" }
        else { $operands++ }
    }

    $here = $tree[$path]
    $typed = $wordToComplete.Trim([char]39, [char]34)
    $before = ''
    if (-not $ended -and -not $expects -and $typed -cmatch '^(--[a-z-]+)=(.*)$') {
        $expects = $Matches[1]; $before = "$expects="; $typed = $Matches[2]
    }
    if ($expects) {
        $entry = @($here.Options; $common) | Where-Object { $_ -clike "$expects *" } |
            Select-Object -First 1
        $takes = "$entry" -creplace '^\S+ ?', ''
    } elseif (-not $ended -and $typed -clike '-*') {
        $names = @($here.Options; $common) | ForEach-Object { ($_ -split ' ')[0] }
        $takes = 'words ' + ($names -join ' ')
    } elseif ($here.Commands) {
        $takes = 'words ' + ($here.Commands -join ' ')
    } else {
        $last = $here.Operands.Count - 1
        if ($here.Many -and $operands -gt $last) { $operands = $last }
        $takes = if ($operands -le $last) { $here.Operands[$operands] } else { '' }
    }

    $source, $choices = "$takes" -split ' '
    if ($source -eq 'fields') {
        $head = $typed -replace '[^,]*$', ''
        $choices = $choices | Where-Object { ",$head" -cnotlike "*,$_,*" } |
            ForEach-Object { "$head$_" }
    } elseif ($source -in 'users', 'profiles', 'runs') {
        # local files, no request
        $ask = @('__complete', "${source}:$typed") + @($words | Select-Object -Skip 1)
        $encoding = [Console]::OutputEncoding
        try {
            [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
            $choices = @(& $words[0] @ask 2>$null)
        } finally { [Console]::OutputEncoding = $encoding }
    }
    foreach ($choice in ($choices | Where-Object { $_ -and $_.StartsWith($typed, 'Ordinal') })) {
        $text = "$before$choice"
        $command = $tree["$path $choice"]
        $tip = if ($command) { $command.Summary } else { $text }
        if ($text -notmatch '^[\w./:=+-]+$' -and $source -notin 'words', 'fields') {
            $text = "'" + $text.Replace("'", "''") + "'"
        }
        [System.Management.Automation.CompletionResult]::new(
            $text, $choice, 'ParameterValue', $tip
        )
    }
}
"""


def script(root: Page) -> str:
    """Return the script; to be dot-sourced or added to `$PROFILE`."""
    same, other = split_options(root)
    tables = {
        "@TREE@": "".join(_entry(page, other[page]) for page in root.walk()),
        "@COMMON@": "".join(f"        {line}\n" for o in same.values() for line in _takes(o)),
        "@VALUED@": ", ".join(map(_quoted, names_with_value(root))),
    }
    head = "# PowerShell completion for parsec; written by `parsec completion powershell`\n"
    return head + filled(_ENGINE, tables)


def _entry(page: Page, options: tuple[Parameter, ...]) -> str:
    commands = ", ".join(_quoted(below.path[-1]) for below in page.pages)
    takes = ", ".join(line for option in options for line in _takes(option))
    operands = ", ".join(_quoted(argument.values) for argument in page.arguments)
    many = "$true" if any(argument.repeatable for argument in page.arguments) else "$false"
    return (
        f"        {_quoted(page.name)} = @{{ Commands = @({commands}); Operands = @({operands});"
        f" Many = {many}; Options = @({takes}); Summary = {_quoted(page.summary)} }}\n"
    )


def _takes(option: Parameter) -> list[str]:
    wanted = option.values if option.metavar else ""
    return [_quoted(f"{name} {wanted}".rstrip()) for name in option.all_names]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
