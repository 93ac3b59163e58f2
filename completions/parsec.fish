# fish completion for parsec; written by `parsec completion fish`

# Is the command on the line $wanted, and the current word its operand number $position?
function __parsec_at --argument-names wanted position
    set -l commands 'users' 'users list' 'users get' 'users create' 'users set-qps' 'users onboard' 'users check' 'users deactivate' 'users plan' 'users apply' 'users diff' 'users audit' 'credentials' 'credentials encode' 'history' 'history list' 'history show' 'history revert' 'runs' 'runs list' 'runs show' 'pool' 'pool show' 'pool check' 'pool share' 'escrow' 'escrow show' 'usage' 'usage show' 'usage check' 'api' 'config' 'config init' 'config show' 'config path' 'config set' 'config unset' 'config use' 'config profiles' 'doctor' 'sandbox' 'sandbox serve' 'sandbox seed' 'sandbox reset' 'sandbox path' 'completion' 'help'
    set -l valued -p --profile --base-url -o --output --fields --timeout --max-wait --rate --limit --cursor --page-size --match --exchange --tier --wallet --sort --email --qps-limit --eoa-address --reason --mode --wallet-type --chain-id --credentials --api-key-id --from-file --map --confirm --max --allow-holdings --results --out --max-failures --concurrency --share --ignore --user --since --until --outcome --command --run --top --watch --max-used --min-free --target --reserve --by --min --keep --keep-file --min-left --query -f -F --input --as --port --rate-limit --latency --fault
    set -l tokens (commandline -opc)
    set -l path
    set -l operands 0
    set -l skip
    set -l ended
    for token in $tokens[2..-1]
        if test -n "$skip"
            set skip
        else if test -n "$ended"
            set operands (math $operands + 1)
        else if test "$token" = --
            set ended yes
        else if string match -q -- '--*' $token
            contains -- $token $valued; and set skip yes
        else if string match -q -- '-?*' $token
            # the last of the flags that share a dash may take what follows
            contains -- -(string sub -s -1 -- $token) $valued; and set skip yes
            string match -qr -- '^..+.' $token
            and contains -- (string sub -l 2 -- $token) $valued
            and set skip
        else if contains -- (string trim -- "$path $token") $commands
            set path (string trim -- "$path $token")
        else
            set operands (math $operands + 1)
        end
    end
    test "$path" = "$wanted"; or return 1
    test -z "$position"; or test $position -eq (math $operands + 1)
end

# Asks for what only this machine knows: local files, no request.
function __parsec_ask --argument-names kind
    set -l tokens (commandline -opc)
    set -l typed (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    set -l prefix (string unescape -- $typed)
    # a quote that is still open
    test -n "$prefix"; or set prefix (string trim -l -c '"\'' -- $typed)
    set -l program (string replace -r -- '^~/' "$HOME/" $tokens[1])
    command -q $program; or return
    command $program __complete "$kind:$prefix" $tokens[2..-1] 2>/dev/null
end

# Offers the names that a list joined by commas does not contain yet.
function __parsec_list
    set -l typed (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    set -l head (string replace -r -- '[^,]*$' '' $typed)
    for name in $argv
        string match -q -- "*,$name,*" ",$head"; or echo "$head$name"
    end
end

complete -c parsec -f

complete -c parsec -s p -l profile -x -a '(__parsec_ask profiles)' -d 'Use this profile; `sandbox` is built in.'
complete -c parsec -l base-url -x -d 'Use this API host.'
complete -c parsec -l json -d 'Same as `-o json`.'
complete -c parsec -l headers -d 'Write a header line in tsv and csv.'
complete -c parsec -l no-headers -d 'Write a header line in tsv and csv.'
complete -c parsec -l reveal-keys -d 'Show `api_key` values in clear.'
complete -c parsec -s q -l quiet -d 'Print only errors on stderr.'
complete -c parsec -s v -l verbose -d 'Log each request on stderr.'
complete -c parsec -l no-input -d 'Never ask; fail where an answer is needed.'
complete -c parsec -l timeout -x -d 'Max time for one request [default 30].'
complete -c parsec -l max-wait -x -d 'Stop waiting on rate limits (429, 503) after this many seconds per request [default 60].'
complete -c parsec -l rate -x -a 'max' -d 'Max requests per second, or all that is allowed.'
complete -c parsec -s h -l help -d 'Show this help; twice: with the common options.'

complete -c parsec -n '__parsec_at \'\'' -a users -d 'List, read and change the end-users.'
complete -c parsec -n '__parsec_at \'\'' -a credentials -d 'Prepare a user\'s exchange keys.'
complete -c parsec -n '__parsec_at \'\'' -a history -d 'Show the changes that were made from this machine.'
complete -c parsec -n '__parsec_at \'\'' -a runs -d 'List bulk runs, and show the rows of one again.'
complete -c parsec -n '__parsec_at \'\'' -a pool -d 'Show and check the QPS pool of the end-users.'
complete -c parsec -n '__parsec_at \'\'' -a escrow -d 'Show the fee escrow configuration.'
complete -c parsec -n '__parsec_at \'\'' -a usage -d 'Show tier, quota and limits of the key.'
complete -c parsec -n '__parsec_at \'\'' -a api -d 'Send one request to any path of the API.'
complete -c parsec -n '__parsec_at \'\'' -a config -d 'Manage profiles: hosts, keys and defaults.'
complete -c parsec -n '__parsec_at \'\'' -a doctor -d 'Check config, key, network and API, one line each.'
complete -c parsec -n '__parsec_at \'\'' -a sandbox -d 'Practise without a key: add `-p sandbox` to any command.'
complete -c parsec -n '__parsec_at \'\'' -a completion -d 'Print the script that completes commands in your shell.'
complete -c parsec -n '__parsec_at \'\'' -a help -d 'Explain a topic, or show the help of a command.'
complete -c parsec -n '__parsec_at \'\'' -l version -d 'Show the version.'
complete -c parsec -n '__parsec_at \'\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users\'' -a list -d 'List all end-users, page by page as they arrive.'
complete -c parsec -n '__parsec_at \'users\'' -a get -d 'Show all fields of one user, or of several.'
complete -c parsec -n '__parsec_at \'users\'' -a create -d 'Create an end-user, or return the existing one.'
complete -c parsec -n '__parsec_at \'users\'' -a set-qps -d 'Set the limits of one user or several, in requests per second.'
complete -c parsec -n '__parsec_at \'users\'' -a onboard -d 'Link a user to an exchange with a managed wallet or with keys.'
complete -c parsec -n '__parsec_at \'users\'' -a check -d 'Test a user\'s exchange credentials, and show its live rate limits.'
complete -c parsec -n '__parsec_at \'users\'' -a deactivate -d 'Deactivate users, with their wallets, credentials and keys.'
complete -c parsec -n '__parsec_at \'users\'' -a plan -d 'Show the changes that would make the users match FILE.'
complete -c parsec -n '__parsec_at \'users\'' -a apply -d 'Apply FILE: show the plan, ask, then make the changes.'
complete -c parsec -n '__parsec_at \'users\'' -a diff -d 'Show who joined, left and changed since an export.'
complete -c parsec -n '__parsec_at \'users\'' -a audit -d 'Check all users, pool and escrow config for known problems.'
complete -c parsec -n '__parsec_at \'users\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users\'' -l fields -x -a '(__parsec_list external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users list\'' -l limit -x -d 'Stop after N users.'
complete -c parsec -n '__parsec_at \'users list\'' -l cursor -x -d 'Continue where an earlier listing stopped.'
complete -c parsec -n '__parsec_at \'users list\'' -l page-size -x -d 'Users per request.'
complete -c parsec -n '__parsec_at \'users list\'' -l match -x -d 'Only ids or addresses that contain TEXT.'
complete -c parsec -n '__parsec_at \'users list\'' -l exchange -x -a 'polymarket kalshi none' -d 'Only users linked to this exchange, or to none.'
complete -c parsec -n '__parsec_at \'users list\'' -l tier -x -d 'Only users of tier T.'
complete -c parsec -n '__parsec_at \'users list\'' -l wallet -x -a 'eoa safe none' -d 'Only users with this wallet type, or none.'
complete -c parsec -n '__parsec_at \'users list\'' -l sort -x -a 'external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key' -d 'Sort by a field, after reading all users.'
complete -c parsec -n '__parsec_at \'users list\'' -l reverse -d 'Sort in descending order.'
complete -c parsec -n '__parsec_at \'users list\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users list\'' -l fields -x -a '(__parsec_list external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users get\'' -a '(__parsec_ask users)'
complete -c parsec -n '__parsec_at \'users get\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users get\'' -l fields -x -a '(__parsec_list external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users create\'' -l email -x -d 'Email address.'
complete -c parsec -n '__parsec_at \'users create\'' -l qps-limit -x -d 'Requests per second.'
complete -c parsec -n '__parsec_at \'users create\'' -l eoa-address -x -d 'The user\'s own wallet address.'
complete -c parsec -n '__parsec_at \'users create\'' -l allow-overcommit -d 'Allow the sum of limits to exceed the QPS pool.'
complete -c parsec -n '__parsec_at \'users create\'' -l allow-odd-ids -d 'Allow ids such as `NULL`, or ones that look like another.'
complete -c parsec -n '__parsec_at \'users create\'' -s n -l dry-run -d 'Read and check everything, but send no change.'
complete -c parsec -n '__parsec_at \'users create\'' -l reason -x -d 'Reason for the change, kept in the history.'
complete -c parsec -n '__parsec_at \'users create\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users create\'' -l fields -x -a '(__parsec_list external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key created status)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users set-qps\'' -a '(__parsec_ask users)'
complete -c parsec -n '__parsec_at \'users set-qps\'' -l allow-overcommit -d 'Allow the sum of limits to exceed the QPS pool.'
complete -c parsec -n '__parsec_at \'users set-qps\'' -s n -l dry-run -d 'Read and check everything, but send no change.'
complete -c parsec -n '__parsec_at \'users set-qps\'' -l reason -x -d 'Reason for the change, kept in the history.'
complete -c parsec -n '__parsec_at \'users set-qps\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users set-qps\'' -l fields -x -a '(__parsec_list external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key before.qps_limit after.qps_limit outcome error http_status attempts)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users onboard\' 1' -a '(__parsec_ask users)'
complete -c parsec -n '__parsec_at \'users onboard\'' -l exchange -x -a 'polymarket kalshi' -d 'The exchange.'
complete -c parsec -n '__parsec_at \'users onboard\'' -l mode -x -a 'managed self' -d 'Let Parsec make a wallet, or store the user\'s keys.'
complete -c parsec -n '__parsec_at \'users onboard\'' -l wallet-type -x -a 'eoa safe' -d 'Wallet of a managed user [default eoa].'
complete -c parsec -n '__parsec_at \'users onboard\'' -l eoa-address -x -d 'Owner of a safe wallet.'
complete -c parsec -n '__parsec_at \'users onboard\'' -l chain-id -x -d 'Chain of the wallet [default 137].'
complete -c parsec -n '__parsec_at \'users onboard\'' -l credentials -r -F -d 'Exchange keys: a JSON object or a PEM file.'
complete -c parsec -n '__parsec_at \'users onboard\'' -l api-key-id -x -d 'Id of the key in a PEM file (not secret).'
complete -c parsec -n '__parsec_at \'users onboard\'' -s n -l dry-run -d 'Read and check everything, but send no change.'
complete -c parsec -n '__parsec_at \'users onboard\'' -l reason -x -d 'Reason for the change, kept in the history.'
complete -c parsec -n '__parsec_at \'users onboard\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users onboard\'' -l fields -x -a '(__parsec_list customer_id exchange mode status linked_exchanges steps_completed eoa_address safe_address wallet.wallet_type)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users check\' 1' -a '(__parsec_ask users)'
complete -c parsec -n '__parsec_at \'users check\'' -l exchange -x -a 'polymarket kalshi' -d 'Read the balance on this exchange.'
complete -c parsec -n '__parsec_at \'users check\'' -l credentials -r -F -d 'Exchange keys: a JSON object or a PEM file.'
complete -c parsec -n '__parsec_at \'users check\'' -l api-key-id -x -d 'Id of the key in a PEM file (not secret).'
complete -c parsec -n '__parsec_at \'users check\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users check\'' -l fields -x -a '(__parsec_list exchange has_credentials authenticated message ok http_status)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users deactivate\'' -a '(__parsec_ask users)'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l from-file -r -F -d 'One USER per line; or csv, tsv or JSON with a customer_id or external_id.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l map -x -d 'Read a field from a column with another name; ignore unknown columns.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l confirm -x -d 'Consent for scripts: the id of one user, or the count of several.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l max -x -d 'Max deactivations in one run.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l allow-holdings -x -d 'For scripts: allow the deactivation of exactly N users who hold money.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l balances-only -d 'Do not read open orders and positions before a deactivation.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l results -r -F -d 'Write the result rows to FILE.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -s n -l dry-run -d 'Read and check everything, but send no change.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l reason -x -d 'Reason for the change, kept in the history.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users deactivate\'' -l fields -x -a '(__parsec_list row action external_id customer_id outcome http_status attempts error holdings before.qps_limit after.qps_limit)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users plan\' 1' -F
complete -c parsec -n '__parsec_at \'users plan\'' -l prune -d 'Deactivate every user that is not in the file.'
complete -c parsec -n '__parsec_at \'users plan\'' -l allow-overcommit -d 'Allow the sum of limits to exceed the QPS pool.'
complete -c parsec -n '__parsec_at \'users plan\'' -l balances-only -d 'Do not read open orders and positions before a deactivation.'
complete -c parsec -n '__parsec_at \'users plan\'' -l allow-odd-ids -d 'Allow ids such as `NULL`, or ones that look like another.'
complete -c parsec -n '__parsec_at \'users plan\'' -l map -x -d 'Read a field from a column with another name; ignore unknown columns.'
complete -c parsec -n '__parsec_at \'users plan\'' -l out -r -F -d 'Save the plan, bound to host and key.'
complete -c parsec -n '__parsec_at \'users plan\'' -l exit-code -d 'Exit with 11 if anything would change.'
complete -c parsec -n '__parsec_at \'users plan\'' -s o -l output -x -a 'table tsv csv json jsonl ids markdown' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users plan\'' -l fields -x -a '(__parsec_list row action external_id customer_id before.qps_limit after.qps_limit holdings)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users apply\' 1' -F
complete -c parsec -n '__parsec_at \'users apply\'' -l prune -d 'Deactivate every user that is not in the file.'
complete -c parsec -n '__parsec_at \'users apply\'' -l allow-overcommit -d 'Allow the sum of limits to exceed the QPS pool.'
complete -c parsec -n '__parsec_at \'users apply\'' -l allow-odd-ids -d 'Allow ids such as `NULL`, or ones that look like another.'
complete -c parsec -n '__parsec_at \'users apply\'' -l map -x -d 'Read a field from a column with another name; ignore unknown columns.'
complete -c parsec -n '__parsec_at \'users apply\'' -l yes -d 'Do not ask, unless users are deactivated.'
complete -c parsec -n '__parsec_at \'users apply\'' -l confirm -x -d 'Consent for scripts: the number of users to be deactivated.'
complete -c parsec -n '__parsec_at \'users apply\'' -l max -x -d 'Max deactivations in one run.'
complete -c parsec -n '__parsec_at \'users apply\'' -l allow-holdings -x -d 'For scripts: allow the deactivation of exactly N users who hold money.'
complete -c parsec -n '__parsec_at \'users apply\'' -l balances-only -d 'Do not read open orders and positions before a deactivation.'
complete -c parsec -n '__parsec_at \'users apply\'' -l max-failures -x -d 'Stop after N failed rows [default 20, or 1 for deactivations].'
complete -c parsec -n '__parsec_at \'users apply\'' -l concurrency -x -d 'Max requests at the same time.'
complete -c parsec -n '__parsec_at \'users apply\'' -l results -r -F -d 'Write the result rows to FILE.'
complete -c parsec -n '__parsec_at \'users apply\'' -l all-rows -d 'On a terminal, also show unchanged rows.'
complete -c parsec -n '__parsec_at \'users apply\'' -s n -l dry-run -d 'Read and check everything, but send no change.'
complete -c parsec -n '__parsec_at \'users apply\'' -l reason -x -d 'Reason for the change, kept in the history.'
complete -c parsec -n '__parsec_at \'users apply\'' -s o -l output -x -a 'table tsv csv json jsonl ids markdown' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users apply\'' -l fields -x -a '(__parsec_list row action external_id customer_id outcome http_status attempts error holdings before.qps_limit after.qps_limit)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users diff\'' -l exit-code -d 'Exit with 11 if anything changed.'
complete -c parsec -n '__parsec_at \'users diff\'' -s o -l output -x -a 'table tsv csv json jsonl ids markdown' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users diff\'' -l fields -x -a '(__parsec_list change external_id customer_id field old new)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'users audit\'' -l share -x -d 'Report limits above this percentage of the pool.'
complete -c parsec -n '__parsec_at \'users audit\'' -l ignore -x -d 'Do not check this rule.'
complete -c parsec -n '__parsec_at \'users audit\'' -s o -l output -x -a 'table tsv csv json jsonl ids markdown' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'users audit\'' -l fields -x -a '(__parsec_list rule external_id customer_id detail)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'credentials\'' -a encode -d 'Check exchange keys and print the value for X-Exchange-Credentials.'
complete -c parsec -n '__parsec_at \'credentials\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'credentials\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'credentials encode\' 1' -F
complete -c parsec -n '__parsec_at \'credentials encode\'' -l exchange -x -a 'polymarket kalshi' -d 'The exchange.'
complete -c parsec -n '__parsec_at \'credentials encode\'' -l api-key-id -x -d 'Id of the key in a PEM file (not secret).'
complete -c parsec -n '__parsec_at \'credentials encode\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'credentials encode\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'history\'' -a list -d 'List the changes sent from this machine, the newest last.'
complete -c parsec -n '__parsec_at \'history\'' -a show -d 'Show one change in full: what it changed, before, after and outcome.'
complete -c parsec -n '__parsec_at \'history\'' -a revert -d 'Print a roster that undoes a change, or all changes of a run.'
complete -c parsec -n '__parsec_at \'history\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'history\'' -l fields -x -a '(__parsec_list time target.external_id command change outcome reason id profile host run target.customer_id key http_status attempts)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'history list\'' -l user -x -a '(__parsec_ask users)' -d 'Only changes to this user, by its whole id.'
complete -c parsec -n '__parsec_at \'history list\'' -l since -x -d 'Only changes since T: 2h, 3d, a date or an RFC 3339 time (UTC).'
complete -c parsec -n '__parsec_at \'history list\'' -l until -x -d 'Only changes before T.'
complete -c parsec -n '__parsec_at \'history list\'' -l outcome -x -d 'Only applied, not_applied or unknown changes.'
complete -c parsec -n '__parsec_at \'history list\'' -l command -x -d 'Only changes by this command, such as set-qps.'
complete -c parsec -n '__parsec_at \'history list\'' -l run -x -a '(__parsec_ask runs)' -d 'Only the changes of this run.'
complete -c parsec -n '__parsec_at \'history list\'' -l all-profiles -d 'Include all profiles, not only the current one.'
complete -c parsec -n '__parsec_at \'history list\'' -l limit -x -d 'Only the newest N.'
complete -c parsec -n '__parsec_at \'history list\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'history list\'' -l fields -x -a '(__parsec_list time target.external_id command change outcome reason id profile host run target.customer_id key http_status attempts)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'history show\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'history show\'' -l fields -x -a '(__parsec_list time target.external_id command change outcome reason id profile host run target.customer_id key http_status attempts)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'history revert\' 1' -a '(__parsec_ask runs)'
complete -c parsec -n '__parsec_at \'history revert\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'history revert\'' -l fields -x -a '(__parsec_list external_id customer_id qps_limit email)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'runs\'' -a list -d 'List the bulk runs of this machine, the newest last.'
complete -c parsec -n '__parsec_at \'runs\'' -a show -d 'Show the rows of a run and what became of each.'
complete -c parsec -n '__parsec_at \'runs\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'runs\'' -l fields -x -a '(__parsec_list id time command file state counts profile)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'runs list\'' -l limit -x -d 'Only the newest N.'
complete -c parsec -n '__parsec_at \'runs list\'' -l all-profiles -d 'Include all profiles, not only the current one.'
complete -c parsec -n '__parsec_at \'runs list\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'runs list\'' -l fields -x -a '(__parsec_list id time command file state counts profile)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'runs show\' 1' -a '(__parsec_ask runs)'
complete -c parsec -n '__parsec_at \'runs show\'' -l failed -d 'Only rows that failed, are unknown or were not attempted; csv is a roster.'
complete -c parsec -n '__parsec_at \'runs show\'' -s o -l output -x -a 'table tsv csv json jsonl ids markdown' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'runs show\'' -l fields -x -a '(__parsec_list row action external_id customer_id outcome http_status attempts error holdings before.qps_limit after.qps_limit)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'pool\'' -a show -d 'Show the pool, what is allocated and free, and the number of users.'
complete -c parsec -n '__parsec_at \'pool\'' -a check -d 'Check the pool for cron: exit 0 below the limits, else 11.'
complete -c parsec -n '__parsec_at \'pool\'' -a share -d 'Compute limits that fit the pool, and print them as a roster.'
complete -c parsec -n '__parsec_at \'pool\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'pool\'' -l fields -x -a '(__parsec_list qps_pool total_allocated_qps free used_percent end_user_count)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'pool show\'' -l top -x -d 'Also list the N users with the highest limits.'
complete -c parsec -n '__parsec_at \'pool show\'' -l watch -x -d 'Repeat every SECONDS.'
complete -c parsec -n '__parsec_at \'pool show\'' -s o -l output -x -a 'table tsv csv json jsonl ids prometheus markdown' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'pool show\'' -l fields -x -a '(__parsec_list qps_pool total_allocated_qps free used_percent end_user_count)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'pool check\'' -l max-used -x -d 'Max percent allocated [default 90].'
complete -c parsec -n '__parsec_at \'pool check\'' -l min-free -x -d 'Min requests per second that must be free.'
complete -c parsec -n '__parsec_at \'pool check\'' -s o -l output -x -a 'table tsv csv json jsonl ids prometheus' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'pool check\'' -l fields -x -a '(__parsec_list status qps_pool total_allocated_qps free used_percent)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'pool share\'' -l target -x -d 'Max percent of the pool to allocate [default 85].'
complete -c parsec -n '__parsec_at \'pool share\'' -l reserve -x -d 'Leave N requests per second free instead.'
complete -c parsec -n '__parsec_at \'pool share\'' -l by -x -a 'cap proportional equal' -d 'How to compute the limits; see above.'
complete -c parsec -n '__parsec_at \'pool share\'' -l min -x -d 'Do not lower any limit below N.'
complete -c parsec -n '__parsec_at \'pool share\'' -l keep -x -a '(__parsec_ask users)' -d 'Do not change this user\'s limit.'
complete -c parsec -n '__parsec_at \'pool share\'' -l keep-file -r -F -d 'Do not change the limits of the users in this file.'
complete -c parsec -n '__parsec_at \'pool share\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'pool share\'' -l fields -x -a '(__parsec_list external_id customer_id before after qps_limit)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'escrow\'' -a show -d 'Show fees, contract and addresses, which Parsec\'s admins set.'
complete -c parsec -n '__parsec_at \'escrow\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'escrow\'' -l fields -x -a '(__parsec_list fee_escrow_enabled fee_bps min_fee_usdc min_fee_bps escrow_contract_address treasury_address affiliate_address affiliate_fee_bps)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'escrow show\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'escrow show\'' -l fields -x -a '(__parsec_list fee_escrow_enabled fee_bps min_fee_usdc min_fee_bps escrow_contract_address treasury_address affiliate_address affiliate_fee_bps)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'usage\'' -a show -d 'Show the tier, the monthly quota, and the limits per second.'
complete -c parsec -n '__parsec_at \'usage\'' -a check -d 'Check the monthly quota for cron: exit 0 below the limits, else 11.'
complete -c parsec -n '__parsec_at \'usage\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'usage\'' -l fields -x -a '(__parsec_list tier usage.monthly_requests limits.monthly_requests limits.rest_qps limits.rest_qps_burst billing_period_start billing_period_end)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'usage show\'' -s o -l output -x -a 'table tsv csv json jsonl ids prometheus' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'usage show\'' -l fields -x -a '(__parsec_list tier usage.monthly_requests limits.monthly_requests limits.rest_qps limits.rest_qps_burst billing_period_start billing_period_end)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'usage check\'' -l max-used -x -d 'Max percent used [default 90].'
complete -c parsec -n '__parsec_at \'usage check\'' -l min-left -x -d 'Min requests that must be left.'
complete -c parsec -n '__parsec_at \'usage check\'' -s o -l output -x -a 'table tsv csv json jsonl ids prometheus' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'usage check\'' -l fields -x -a '(__parsec_list status used limit left used_percent resets_at)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'api\' 1' -a 'GET POST PATCH DELETE'
complete -c parsec -n '__parsec_at \'api\'' -l query -x -d 'Add to the query.'
complete -c parsec -n '__parsec_at \'api\'' -s f -x -d 'Text member of the JSON body.'
complete -c parsec -n '__parsec_at \'api\'' -s F -x -d 'JSON member of the body.'
complete -c parsec -n '__parsec_at \'api\'' -l input -r -F -d 'The whole JSON body.'
complete -c parsec -n '__parsec_at \'api\'' -l as -x -a '(__parsec_ask users)' -d 'Send the request for this end-user.'
complete -c parsec -n '__parsec_at \'api\'' -l include -d 'Print status and headers before the body.'
complete -c parsec -n '__parsec_at \'api\'' -l confirm -x -d 'Consent for scripts: the id of the user.'
complete -c parsec -n '__parsec_at \'api\'' -l allow-holdings -x -d 'For scripts: allow the deactivation of exactly N users who hold money.'
complete -c parsec -n '__parsec_at \'api\'' -l balances-only -d 'Do not read open orders and positions before a deactivation.'
complete -c parsec -n '__parsec_at \'api\'' -s n -l dry-run -d 'Read and check everything, but send no change.'
complete -c parsec -n '__parsec_at \'api\'' -l reason -x -d 'Reason for the change, kept in the history.'
complete -c parsec -n '__parsec_at \'api\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'api\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config\'' -a init -d 'Store the host and the key of a profile.'
complete -c parsec -n '__parsec_at \'config\'' -a show -d 'Show each setting in effect and where it came from.'
complete -c parsec -n '__parsec_at \'config\'' -a path -d 'Print the path of the config file, even if it does not exist.'
complete -c parsec -n '__parsec_at \'config\'' -a set -d 'Store one setting in the named or default profile.'
complete -c parsec -n '__parsec_at \'config\'' -a unset -d 'Remove one setting from the named or default profile.'
complete -c parsec -n '__parsec_at \'config\'' -a use -d 'Make a profile the default one.'
complete -c parsec -n '__parsec_at \'config\'' -a profiles -d 'List the profiles, the built-in sandbox last.'
complete -c parsec -n '__parsec_at \'config\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config init\'' -l no-verify -d 'Store the key without asking the API.'
complete -c parsec -n '__parsec_at \'config init\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config init\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config show\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config show\'' -l fields -x -a '(__parsec_list profile values.base_url.value values.api_key.value values.output.value values.rate.value values.protected.value)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config path\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config path\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config set\' 1' -a 'base_url api_key api_key_command output rate protected default_profile'
complete -c parsec -n '__parsec_at \'config set\'' -l no-verify -d 'Store the key without asking the API.'
complete -c parsec -n '__parsec_at \'config set\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config set\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config unset\' 1' -a 'base_url api_key api_key_command output rate protected default_profile'
complete -c parsec -n '__parsec_at \'config unset\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config unset\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config use\' 1' -a '(__parsec_ask profiles)'
complete -c parsec -n '__parsec_at \'config use\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config use\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'config profiles\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'config profiles\'' -l fields -x -a '(__parsec_list name base_url key protected default)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'doctor\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'doctor\'' -l fields -x -a '(__parsec_list name status detail)' -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'sandbox\'' -a serve -d 'Serve the sandbox over HTTP on 127.0.0.1.'
complete -c parsec -n '__parsec_at \'sandbox\'' -a seed -d 'Replace the sandbox\'s users with N new ones.'
complete -c parsec -n '__parsec_at \'sandbox\'' -a reset -d 'Restore the first twelve users.'
complete -c parsec -n '__parsec_at \'sandbox\'' -a path -d 'Print the path of the sandbox\'s state.'
complete -c parsec -n '__parsec_at \'sandbox\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'sandbox\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'sandbox serve\'' -l port -x -d 'Port on loopback; 0 picks any.'
complete -c parsec -n '__parsec_at \'sandbox serve\'' -l rate-limit -x -d 'Respond with 429 above this rate.'
complete -c parsec -n '__parsec_at \'sandbox serve\'' -l latency -x -d 'Wait before each response.'
complete -c parsec -n '__parsec_at \'sandbox serve\'' -l fault -x -d 'Respond with STATUS to some calls, before or after their effect.'
complete -c parsec -n '__parsec_at \'sandbox serve\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'sandbox serve\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'sandbox seed\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'sandbox seed\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'sandbox reset\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'sandbox reset\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'sandbox path\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'sandbox path\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'completion\' 1' -a 'bash zsh fish powershell'
complete -c parsec -n '__parsec_at \'completion\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'completion\'' -l fields -x -d 'Show only these fields, in every format.'

complete -c parsec -n '__parsec_at \'help\' 1' -a 'environment exit-codes output safety scripting options users credentials history runs pool escrow usage api config doctor sandbox completion help'
complete -c parsec -n '__parsec_at \'help\'' -l all -d 'Include the options that every command takes.'
complete -c parsec -n '__parsec_at \'help\'' -s o -l output -x -a 'table tsv csv json jsonl ids' -d 'Write in this format.'
complete -c parsec -n '__parsec_at \'help\'' -l fields -x -d 'Show only these fields, in every format.'
