# PowerShell completion for parsec; written by `parsec completion powershell`

Register-ArgumentCompleter -Native -CommandName parsec -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # for each command: what may follow, its operands, its own options, each with what it takes
    $tree = @{
        'parsec' = @{ Commands = @('users', 'credentials', 'history', 'runs', 'pool', 'escrow', 'usage', 'api', 'config', 'doctor', 'sandbox', 'completion', 'help'); Operands = @(); Many = $false; Options = @('--version', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Manage the end-users, limits and credentials of a Parsec builder.' }
        'parsec users' = @{ Commands = @('list', 'get', 'create', 'set-qps', 'onboard', 'check', 'deactivate', 'plan', 'apply', 'diff', 'audit'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key'); Summary = 'List, read and change the end-users.' }
        'parsec users list' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--limit text', '--cursor text', '--page-size text', '--match text', '--exchange words polymarket kalshi none', '--tier text', '--wallet words eoa safe none', '--sort words external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key', '--reverse', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key'); Summary = 'List all end-users, page by page as they arrive.' }
        'parsec users get' = @{ Commands = @(); Operands = @('users'); Many = $true; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key'); Summary = 'Show all fields of one user, or of several.' }
        'parsec users create' = @{ Commands = @(); Operands = @('text'); Many = $false; Options = @('--email text', '--qps-limit text', '--eoa-address text', '--allow-overcommit', '--allow-odd-ids', '-n', '--dry-run', '--reason text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key created status'); Summary = 'Create an end-user, or return the existing one.' }
        'parsec users set-qps' = @{ Commands = @(); Operands = @('users'); Many = $true; Options = @('--allow-overcommit', '-n', '--dry-run', '--reason text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key before.qps_limit after.qps_limit outcome error http_status attempts'); Summary = 'Set the limits of one user or several, in requests per second.' }
        'parsec users onboard' = @{ Commands = @(); Operands = @('users'); Many = $false; Options = @('--exchange words polymarket kalshi', '--mode words managed self', '--wallet-type words eoa safe', '--eoa-address text', '--chain-id text', '--credentials files', '--api-key-id text', '-n', '--dry-run', '--reason text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields customer_id exchange mode status linked_exchanges steps_completed eoa_address safe_address wallet.wallet_type'); Summary = 'Link a user to an exchange with a managed wallet or with keys.' }
        'parsec users check' = @{ Commands = @(); Operands = @('users'); Many = $false; Options = @('--exchange words polymarket kalshi', '--credentials files', '--api-key-id text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields exchange has_credentials authenticated message ok http_status'); Summary = 'Test a user''s exchange credentials, and show its live rate limits.' }
        'parsec users deactivate' = @{ Commands = @(); Operands = @('users'); Many = $true; Options = @('--from-file files', '--map text', '--confirm text', '--max text', '--allow-holdings text', '--balances-only', '--results files', '-n', '--dry-run', '--reason text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields row action external_id customer_id outcome http_status attempts error holdings before.qps_limit after.qps_limit'); Summary = 'Deactivate users, with their wallets, credentials and keys.' }
        'parsec users plan' = @{ Commands = @(); Operands = @('files'); Many = $false; Options = @('--prune', '--allow-overcommit', '--balances-only', '--allow-odd-ids', '--map text', '--out files', '--exit-code', '-o words table tsv csv json jsonl ids markdown', '--output words table tsv csv json jsonl ids markdown', '--fields fields row action external_id customer_id before.qps_limit after.qps_limit holdings'); Summary = 'Show the changes that would make the users match FILE.' }
        'parsec users apply' = @{ Commands = @(); Operands = @('files'); Many = $false; Options = @('--prune', '--allow-overcommit', '--allow-odd-ids', '--map text', '--yes', '--confirm text', '--max text', '--allow-holdings text', '--balances-only', '--max-failures text', '--concurrency text', '--results files', '--all-rows', '-n', '--dry-run', '--reason text', '-o words table tsv csv json jsonl ids markdown', '--output words table tsv csv json jsonl ids markdown', '--fields fields row action external_id customer_id outcome http_status attempts error holdings before.qps_limit after.qps_limit'); Summary = 'Apply FILE: show the plan, ask, then make the changes.' }
        'parsec users diff' = @{ Commands = @(); Operands = @('text', 'text'); Many = $false; Options = @('--exit-code', '-o words table tsv csv json jsonl ids markdown', '--output words table tsv csv json jsonl ids markdown', '--fields fields change external_id customer_id field old new'); Summary = 'Show who joined, left and changed since an export.' }
        'parsec users audit' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--share text', '--ignore text', '-o words table tsv csv json jsonl ids markdown', '--output words table tsv csv json jsonl ids markdown', '--fields fields rule external_id customer_id detail'); Summary = 'Check all users, pool and escrow config for known problems.' }
        'parsec credentials' = @{ Commands = @('encode'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Prepare a user''s exchange keys.' }
        'parsec credentials encode' = @{ Commands = @(); Operands = @('files'); Many = $false; Options = @('--exchange words polymarket kalshi', '--api-key-id text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Check exchange keys and print the value for X-Exchange-Credentials.' }
        'parsec history' = @{ Commands = @('list', 'show', 'revert'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields time target.external_id command change outcome reason id profile host run target.customer_id key http_status attempts'); Summary = 'Show the changes that were made from this machine.' }
        'parsec history list' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--user users', '--since text', '--until text', '--outcome text', '--command text', '--run runs', '--all-profiles', '--limit text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields time target.external_id command change outcome reason id profile host run target.customer_id key http_status attempts'); Summary = 'List the changes sent from this machine, the newest last.' }
        'parsec history show' = @{ Commands = @(); Operands = @('text'); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields time target.external_id command change outcome reason id profile host run target.customer_id key http_status attempts'); Summary = 'Show one change in full: what it changed, before, after and outcome.' }
        'parsec history revert' = @{ Commands = @(); Operands = @('runs'); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields external_id customer_id qps_limit email'); Summary = 'Print a roster that undoes a change, or all changes of a run.' }
        'parsec runs' = @{ Commands = @('list', 'show'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields id time command file state counts profile'); Summary = 'List bulk runs, and show the rows of one again.' }
        'parsec runs list' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--limit text', '--all-profiles', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields id time command file state counts profile'); Summary = 'List the bulk runs of this machine, the newest last.' }
        'parsec runs show' = @{ Commands = @(); Operands = @('runs'); Many = $false; Options = @('--failed', '-o words table tsv csv json jsonl ids markdown', '--output words table tsv csv json jsonl ids markdown', '--fields fields row action external_id customer_id outcome http_status attempts error holdings before.qps_limit after.qps_limit'); Summary = 'Show the rows of a run and what became of each.' }
        'parsec pool' = @{ Commands = @('show', 'check', 'share'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields qps_pool total_allocated_qps free used_percent end_user_count'); Summary = 'Show and check the QPS pool of the end-users.' }
        'parsec pool show' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--top text', '--watch text', '-o words table tsv csv json jsonl ids prometheus markdown', '--output words table tsv csv json jsonl ids prometheus markdown', '--fields fields qps_pool total_allocated_qps free used_percent end_user_count'); Summary = 'Show the pool, what is allocated and free, and the number of users.' }
        'parsec pool check' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--max-used text', '--min-free text', '-o words table tsv csv json jsonl ids prometheus', '--output words table tsv csv json jsonl ids prometheus', '--fields fields status qps_pool total_allocated_qps free used_percent'); Summary = 'Check the pool for cron: exit 0 below the limits, else 11.' }
        'parsec pool share' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--target text', '--reserve text', '--by words cap proportional equal', '--min text', '--keep users', '--keep-file files', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields external_id customer_id before after qps_limit'); Summary = 'Compute limits that fit the pool, and print them as a roster.' }
        'parsec escrow' = @{ Commands = @('show'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields fee_escrow_enabled fee_bps min_fee_usdc min_fee_bps escrow_contract_address treasury_address affiliate_address affiliate_fee_bps'); Summary = 'Show the fee escrow configuration.' }
        'parsec escrow show' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields fee_escrow_enabled fee_bps min_fee_usdc min_fee_bps escrow_contract_address treasury_address affiliate_address affiliate_fee_bps'); Summary = 'Show fees, contract and addresses, which Parsec''s admins set.' }
        'parsec usage' = @{ Commands = @('show', 'check'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields tier usage.monthly_requests limits.monthly_requests limits.rest_qps limits.rest_qps_burst billing_period_start billing_period_end'); Summary = 'Show tier, quota and limits of the key.' }
        'parsec usage show' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids prometheus', '--output words table tsv csv json jsonl ids prometheus', '--fields fields tier usage.monthly_requests limits.monthly_requests limits.rest_qps limits.rest_qps_burst billing_period_start billing_period_end'); Summary = 'Show the tier, the monthly quota, and the limits per second.' }
        'parsec usage check' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--max-used text', '--min-left text', '-o words table tsv csv json jsonl ids prometheus', '--output words table tsv csv json jsonl ids prometheus', '--fields fields status used limit left used_percent resets_at'); Summary = 'Check the monthly quota for cron: exit 0 below the limits, else 11.' }
        'parsec api' = @{ Commands = @(); Operands = @('words GET POST PATCH DELETE', 'text'); Many = $false; Options = @('--query text', '-f text', '-F text', '--input files', '--as users', '--include', '--confirm text', '--allow-holdings text', '--balances-only', '-n', '--dry-run', '--reason text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Send one request to any path of the API.' }
        'parsec config' = @{ Commands = @('init', 'show', 'path', 'set', 'unset', 'use', 'profiles'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Manage profiles: hosts, keys and defaults.' }
        'parsec config init' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--no-verify', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Store the host and the key of a profile.' }
        'parsec config show' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields profile values.base_url.value values.api_key.value values.output.value values.rate.value values.protected.value'); Summary = 'Show each setting in effect and where it came from.' }
        'parsec config path' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Print the path of the config file, even if it does not exist.' }
        'parsec config set' = @{ Commands = @(); Operands = @('words base_url api_key api_key_command output rate protected default_profile', 'text'); Many = $false; Options = @('--no-verify', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Store one setting in the named or default profile.' }
        'parsec config unset' = @{ Commands = @(); Operands = @('words base_url api_key api_key_command output rate protected default_profile'); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Remove one setting from the named or default profile.' }
        'parsec config use' = @{ Commands = @(); Operands = @('profiles'); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Make a profile the default one.' }
        'parsec config profiles' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields name base_url key protected default'); Summary = 'List the profiles, the built-in sandbox last.' }
        'parsec doctor' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields fields name status detail'); Summary = 'Check config, key, network and API, one line each.' }
        'parsec sandbox' = @{ Commands = @('serve', 'seed', 'reset', 'path'); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Practise without a key: add `-p sandbox` to any command.' }
        'parsec sandbox serve' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('--port text', '--rate-limit text', '--latency text', '--fault text', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Serve the sandbox over HTTP on 127.0.0.1.' }
        'parsec sandbox seed' = @{ Commands = @(); Operands = @('text'); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Replace the sandbox''s users with N new ones.' }
        'parsec sandbox reset' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Restore the first twelve users.' }
        'parsec sandbox path' = @{ Commands = @(); Operands = @(); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Print the path of the sandbox''s state.' }
        'parsec completion' = @{ Commands = @(); Operands = @('words bash zsh fish powershell'); Many = $false; Options = @('-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Print the script that completes commands in your shell.' }
        'parsec help' = @{ Commands = @(); Operands = @('words environment exit-codes output safety scripting options users credentials history runs pool escrow usage api config doctor sandbox completion help', 'text'); Many = $false; Options = @('--all', '-o words table tsv csv json jsonl ids', '--output words table tsv csv json jsonl ids', '--fields text'); Summary = 'Explain a topic, or show the help of a command.' }
    }
    $common = @(
        '-p profiles'
        '--profile profiles'
        '--base-url text'
        '--json'
        '--headers'
        '--no-headers'
        '--reveal-keys'
        '-q'
        '--quiet'
        '-v'
        '--verbose'
        '--no-input'
        '--timeout text'
        '--max-wait text'
        '--rate words max'
        '-h'
        '--help'
    )
    $valued = @('-p', '--profile', '--base-url', '-o', '--output', '--fields', '--timeout', '--max-wait', '--rate', '--limit', '--cursor', '--page-size', '--match', '--exchange', '--tier', '--wallet', '--sort', '--email', '--qps-limit', '--eoa-address', '--reason', '--mode', '--wallet-type', '--chain-id', '--credentials', '--api-key-id', '--from-file', '--map', '--confirm', '--max', '--allow-holdings', '--results', '--out', '--max-failures', '--concurrency', '--share', '--ignore', '--user', '--since', '--until', '--outcome', '--command', '--run', '--top', '--watch', '--max-used', '--min-free', '--target', '--reserve', '--by', '--min', '--keep', '--keep-file', '--min-left', '--query', '-f', '-F', '--input', '--as', '--port', '--rate-limit', '--latency', '--fault')

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
