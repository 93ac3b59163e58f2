# bash completion for parsec; written by `parsec completion bash`

# Sets what may follow the command $1.
_parsec_command() {
    subcommands= options= operands=() many=
    case $1 in
        'parsec') subcommands='users credentials history runs pool escrow usage api config doctor sandbox completion help' options='--version -o --output --fields' ;;
        'parsec users') subcommands='list get create set-qps onboard check deactivate plan apply diff audit' options='-o --output --fields' ;;
        'parsec users list') options='--limit --cursor --page-size --match --exchange --tier --wallet --sort --reverse -o --output --fields' ;;
        'parsec users get') options='-o --output --fields' operands=('users') many=1 ;;
        'parsec users create') options='--email --qps-limit --eoa-address --allow-overcommit --allow-odd-ids -n --dry-run --reason -o --output --fields' operands=('text') ;;
        'parsec users set-qps') options='--allow-overcommit -n --dry-run --reason -o --output --fields' operands=('users') many=1 ;;
        'parsec users onboard') options='--exchange --mode --wallet-type --eoa-address --chain-id --credentials --api-key-id -n --dry-run --reason -o --output --fields' operands=('users') ;;
        'parsec users check') options='--exchange --credentials --api-key-id -o --output --fields' operands=('users') ;;
        'parsec users deactivate') options='--from-file --map --confirm --max --allow-holdings --balances-only --results -n --dry-run --reason -o --output --fields' operands=('users') many=1 ;;
        'parsec users plan') options='--prune --allow-overcommit --balances-only --allow-odd-ids --map --out --exit-code -o --output --fields' operands=('files') ;;
        'parsec users apply') options='--prune --allow-overcommit --allow-odd-ids --map --yes --confirm --max --allow-holdings --balances-only --max-failures --concurrency --results --all-rows -n --dry-run --reason -o --output --fields' operands=('files') ;;
        'parsec users diff') options='--exit-code -o --output --fields' operands=('text' 'text') ;;
        'parsec users audit') options='--share --ignore -o --output --fields' ;;
        'parsec credentials') subcommands='encode' options='-o --output --fields' ;;
        'parsec credentials encode') options='--exchange --api-key-id -o --output --fields' operands=('files') ;;
        'parsec history') subcommands='list show revert' options='-o --output --fields' ;;
        'parsec history list') options='--user --since --until --outcome --command --run --all-profiles --limit -o --output --fields' ;;
        'parsec history show') options='-o --output --fields' operands=('text') ;;
        'parsec history revert') options='-o --output --fields' operands=('runs') ;;
        'parsec runs') subcommands='list show' options='-o --output --fields' ;;
        'parsec runs list') options='--limit --all-profiles -o --output --fields' ;;
        'parsec runs show') options='--failed -o --output --fields' operands=('runs') ;;
        'parsec pool') subcommands='show check share' options='-o --output --fields' ;;
        'parsec pool show') options='--top --watch -o --output --fields' ;;
        'parsec pool check') options='--max-used --min-free -o --output --fields' ;;
        'parsec pool share') options='--target --reserve --by --min --keep --keep-file -o --output --fields' ;;
        'parsec escrow') subcommands='show' options='-o --output --fields' ;;
        'parsec escrow show') options='-o --output --fields' ;;
        'parsec usage') subcommands='show check' options='-o --output --fields' ;;
        'parsec usage show') options='-o --output --fields' ;;
        'parsec usage check') options='--max-used --min-left -o --output --fields' ;;
        'parsec api') options='--query -f -F --input --as --include --confirm --allow-holdings --balances-only -n --dry-run --reason -o --output --fields' operands=('words GET POST PATCH DELETE' 'text') ;;
        'parsec config') subcommands='init show path set unset use profiles' options='-o --output --fields' ;;
        'parsec config init') options='--no-verify -o --output --fields' ;;
        'parsec config show') options='-o --output --fields' ;;
        'parsec config path') options='-o --output --fields' ;;
        'parsec config set') options='--no-verify -o --output --fields' operands=('words base_url api_key api_key_command output rate protected default_profile' 'text') ;;
        'parsec config unset') options='-o --output --fields' operands=('words base_url api_key api_key_command output rate protected default_profile') ;;
        'parsec config use') options='-o --output --fields' operands=('profiles') ;;
        'parsec config profiles') options='-o --output --fields' ;;
        'parsec doctor') options='-o --output --fields' ;;
        'parsec sandbox') subcommands='serve seed reset path' options='-o --output --fields' ;;
        'parsec sandbox serve') options='--port --rate-limit --latency --fault -o --output --fields' ;;
        'parsec sandbox seed') options='-o --output --fields' operands=('text') ;;
        'parsec sandbox reset') options='-o --output --fields' ;;
        'parsec sandbox path') options='-o --output --fields' ;;
        'parsec completion') options='-o --output --fields' operands=('words bash zsh fish powershell') ;;
        'parsec help') options='--all -o --output --fields' operands=('words environment exit-codes output safety scripting options users credentials history runs pool escrow usage api config doctor sandbox completion help' 'text') ;;
    esac
    options="$options -p --profile --base-url --json --headers --no-headers --reveal-keys -q --quiet -v --verbose --no-input --timeout --max-wait --rate -h --help"
}

# Sets `takes` to what the option $2 of the command $1 wants; empty for a flag.
_parsec_option() {
    takes=
    case $2 in
        -p | --profile) takes='profiles'; return ;;
        --base-url) takes='text'; return ;;
        --timeout) takes='text'; return ;;
        --max-wait) takes='text'; return ;;
        --rate) takes='words max'; return ;;
    esac
    case "$1 $2" in
        'parsec -o' | 'parsec --output' | 'parsec users -o' | 'parsec users --output' | 'parsec users list -o' | 'parsec users list --output' | 'parsec users get -o' | 'parsec users get --output' | 'parsec users create -o' | 'parsec users create --output' | 'parsec users set-qps -o' | 'parsec users set-qps --output' | 'parsec users onboard -o' | 'parsec users onboard --output' | 'parsec users check -o' | 'parsec users check --output' | 'parsec users deactivate -o' | 'parsec users deactivate --output' | 'parsec credentials -o' | 'parsec credentials --output' | 'parsec credentials encode -o' | 'parsec credentials encode --output' | 'parsec history -o' | 'parsec history --output' | 'parsec history list -o' | 'parsec history list --output' | 'parsec history show -o' | 'parsec history show --output' | 'parsec history revert -o' | 'parsec history revert --output' | 'parsec runs -o' | 'parsec runs --output' | 'parsec runs list -o' | 'parsec runs list --output' | 'parsec pool -o' | 'parsec pool --output' | 'parsec pool share -o' | 'parsec pool share --output' | 'parsec escrow -o' | 'parsec escrow --output' | 'parsec escrow show -o' | 'parsec escrow show --output' | 'parsec usage -o' | 'parsec usage --output' | 'parsec api -o' | 'parsec api --output' | 'parsec config -o' | 'parsec config --output' | 'parsec config init -o' | 'parsec config init --output' | 'parsec config show -o' | 'parsec config show --output' | 'parsec config path -o' | 'parsec config path --output' | 'parsec config set -o' | 'parsec config set --output' | 'parsec config unset -o' | 'parsec config unset --output' | 'parsec config use -o' | 'parsec config use --output' | 'parsec config profiles -o' | 'parsec config profiles --output' | 'parsec doctor -o' | 'parsec doctor --output' | 'parsec sandbox -o' | 'parsec sandbox --output' | 'parsec sandbox serve -o' | 'parsec sandbox serve --output' | 'parsec sandbox seed -o' | 'parsec sandbox seed --output' | 'parsec sandbox reset -o' | 'parsec sandbox reset --output' | 'parsec sandbox path -o' | 'parsec sandbox path --output' | 'parsec completion -o' | 'parsec completion --output' | 'parsec help -o' | 'parsec help --output') takes='words table tsv csv json jsonl ids' ;;
        'parsec --fields' | 'parsec users list --limit' | 'parsec users list --cursor' | 'parsec users list --page-size' | 'parsec users list --match' | 'parsec users list --tier' | 'parsec users create --email' | 'parsec users create --qps-limit' | 'parsec users create --eoa-address' | 'parsec users create --reason' | 'parsec users set-qps --reason' | 'parsec users onboard --eoa-address' | 'parsec users onboard --chain-id' | 'parsec users onboard --api-key-id' | 'parsec users onboard --reason' | 'parsec users check --api-key-id' | 'parsec users deactivate --map' | 'parsec users deactivate --confirm' | 'parsec users deactivate --max' | 'parsec users deactivate --allow-holdings' | 'parsec users deactivate --reason' | 'parsec users plan --map' | 'parsec users apply --map' | 'parsec users apply --confirm' | 'parsec users apply --max' | 'parsec users apply --allow-holdings' | 'parsec users apply --max-failures' | 'parsec users apply --concurrency' | 'parsec users apply --reason' | 'parsec users audit --share' | 'parsec users audit --ignore' | 'parsec credentials --fields' | 'parsec credentials encode --api-key-id' | 'parsec credentials encode --fields' | 'parsec history list --since' | 'parsec history list --until' | 'parsec history list --outcome' | 'parsec history list --command' | 'parsec history list --limit' | 'parsec runs list --limit' | 'parsec pool show --top' | 'parsec pool show --watch' | 'parsec pool check --max-used' | 'parsec pool check --min-free' | 'parsec pool share --target' | 'parsec pool share --reserve' | 'parsec pool share --min' | 'parsec usage check --max-used' | 'parsec usage check --min-left' | 'parsec api --query' | 'parsec api -f' | 'parsec api -F' | 'parsec api --confirm' | 'parsec api --allow-holdings' | 'parsec api --reason' | 'parsec api --fields' | 'parsec config --fields' | 'parsec config init --fields' | 'parsec config path --fields' | 'parsec config set --fields' | 'parsec config unset --fields' | 'parsec config use --fields' | 'parsec sandbox --fields' | 'parsec sandbox serve --port' | 'parsec sandbox serve --rate-limit' | 'parsec sandbox serve --latency' | 'parsec sandbox serve --fault' | 'parsec sandbox serve --fields' | 'parsec sandbox seed --fields' | 'parsec sandbox reset --fields' | 'parsec sandbox path --fields' | 'parsec completion --fields' | 'parsec help --fields') takes='text' ;;
        'parsec users --fields' | 'parsec users list --fields' | 'parsec users get --fields') takes='fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key' ;;
        'parsec users list --exchange') takes='words polymarket kalshi none' ;;
        'parsec users list --wallet') takes='words eoa safe none' ;;
        'parsec users list --sort') takes='words external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key' ;;
        'parsec users create --fields') takes='fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key created status' ;;
        'parsec users set-qps --fields') takes='fields external_id customer_id qps_limit tier linked_exchanges wallet.wallet_type created_at wallet.eoa_address wallet.safe_address wallet.chain_id fee_escrow_enabled fee_bps affiliate_address api_key before.qps_limit after.qps_limit outcome error http_status attempts' ;;
        'parsec users onboard --exchange' | 'parsec users check --exchange' | 'parsec credentials encode --exchange') takes='words polymarket kalshi' ;;
        'parsec users onboard --mode') takes='words managed self' ;;
        'parsec users onboard --wallet-type') takes='words eoa safe' ;;
        'parsec users onboard --credentials' | 'parsec users check --credentials' | 'parsec users deactivate --from-file' | 'parsec users deactivate --results' | 'parsec users plan --out' | 'parsec users apply --results' | 'parsec pool share --keep-file' | 'parsec api --input') takes='files' ;;
        'parsec users onboard --fields') takes='fields customer_id exchange mode status linked_exchanges steps_completed eoa_address safe_address wallet.wallet_type' ;;
        'parsec users check --fields') takes='fields exchange has_credentials authenticated message ok http_status' ;;
        'parsec users deactivate --fields' | 'parsec users apply --fields' | 'parsec runs show --fields') takes='fields row action external_id customer_id outcome http_status attempts error holdings before.qps_limit after.qps_limit' ;;
        'parsec users plan -o' | 'parsec users plan --output' | 'parsec users apply -o' | 'parsec users apply --output' | 'parsec users diff -o' | 'parsec users diff --output' | 'parsec users audit -o' | 'parsec users audit --output' | 'parsec runs show -o' | 'parsec runs show --output') takes='words table tsv csv json jsonl ids markdown' ;;
        'parsec users plan --fields') takes='fields row action external_id customer_id before.qps_limit after.qps_limit holdings' ;;
        'parsec users diff --fields') takes='fields change external_id customer_id field old new' ;;
        'parsec users audit --fields') takes='fields rule external_id customer_id detail' ;;
        'parsec history --fields' | 'parsec history list --fields' | 'parsec history show --fields') takes='fields time target.external_id command change outcome reason id profile host run target.customer_id key http_status attempts' ;;
        'parsec history list --user' | 'parsec pool share --keep' | 'parsec api --as') takes='users' ;;
        'parsec history list --run') takes='runs' ;;
        'parsec history revert --fields') takes='fields external_id customer_id qps_limit email' ;;
        'parsec runs --fields' | 'parsec runs list --fields') takes='fields id time command file state counts profile' ;;
        'parsec pool --fields' | 'parsec pool show --fields') takes='fields qps_pool total_allocated_qps free used_percent end_user_count' ;;
        'parsec pool show -o' | 'parsec pool show --output') takes='words table tsv csv json jsonl ids prometheus markdown' ;;
        'parsec pool check -o' | 'parsec pool check --output' | 'parsec usage show -o' | 'parsec usage show --output' | 'parsec usage check -o' | 'parsec usage check --output') takes='words table tsv csv json jsonl ids prometheus' ;;
        'parsec pool check --fields') takes='fields status qps_pool total_allocated_qps free used_percent' ;;
        'parsec pool share --by') takes='words cap proportional equal' ;;
        'parsec pool share --fields') takes='fields external_id customer_id before after qps_limit' ;;
        'parsec escrow --fields' | 'parsec escrow show --fields') takes='fields fee_escrow_enabled fee_bps min_fee_usdc min_fee_bps escrow_contract_address treasury_address affiliate_address affiliate_fee_bps' ;;
        'parsec usage --fields' | 'parsec usage show --fields') takes='fields tier usage.monthly_requests limits.monthly_requests limits.rest_qps limits.rest_qps_burst billing_period_start billing_period_end' ;;
        'parsec usage check --fields') takes='fields status used limit left used_percent resets_at' ;;
        'parsec config show --fields') takes='fields profile values.base_url.value values.api_key.value values.output.value values.rate.value values.protected.value' ;;
        'parsec config profiles --fields') takes='fields name base_url key protected default' ;;
        'parsec doctor --fields') takes='fields name status detail' ;;
    esac
}

# Writes $1 into `quoted` as it has to stand inside the quote $2 that is still open. Readline adds
# a closing quote unless the text ends with one.
_parsec_quote() {
    local c i last=${1: -1}
    quoted=
    if [[ ! $2 ]]; then
        [[ ! $1 ]] || printf -v quoted %q "$1"
        return
    fi
    for ((i = 0; i < ${#1}; i++)); do
        c=${1:i:1}
        case $2$c in
            "''") quoted+="'\\''" ;;
            '""' | '"$' | '"`' | '"\') quoted+="\\$c" ;;
            '"!') quoted+='"\!"' ;;
            *) quoted+=$c ;;
        esac
    done
    case $2$last in
        "''") quoted=${quoted%?} ;;
        '""') quoted="${quoted%??}\"\\\"" ;;
        '"!') quoted+='"' ;;
    esac
}

_parsec() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} breaks=${COMP_WORDBREAKS//[\"\']/}
    local c i value= head= outer= quote= started= command=${1/#\~\//$HOME/}
    local -a words=() candidates=() operands=()
    COMPREPLY=()

    # Bash cuts words at colons and leaves quotes in them, so the line is read again. `head` is the
    # part of the current word that stays as it is typed.
    for ((i = 0; i < ${#line}; i++)); do
        c=${line:i:1}
        if [[ $quote && $c == "$quote" ]]; then
            quote= head=$outer
        elif [[ $c == '\' && (! $quote || $quote${line:i+1:1} == \"[\"\\\$\`]) ]]; then
            i=$((i + 1)) started=1
            value+=${line:i:1}
        elif [[ $quote ]]; then
            value+=$c
        elif [[ $c == [\'\"] ]]; then
            quote=$c started=1 outer=$head head=$value
        elif [[ $c == [[:space:]] ]]; then
            [[ ! $value && ! $started ]] || words+=("$value")
            value= head= started=
        else
            # readline begins a new word after these characters, but at an `@`
            [[ $c != @ || $breaks != *@* ]] || head=$value
            value+=$c
            [[ $c == @ || $breaks != *"$c"* ]] || head=$value
        fi
    done

    local path=parsec subcommands options many takes= ended= word
    local position=0
    _parsec_command "$path"
    for word in "${words[@]:1}"; do
        if [[ $takes ]]; then
            takes=
        elif [[ ! $ended && $word == -- ]]; then
            ended=1
        elif [[ ! $ended && $word == --* ]]; then
            _parsec_option "$path" "$word"
        elif [[ ! $ended && $word == -?* ]]; then
            # flags may share a dash, and the last of them may take what follows
            for ((i = 1; i < ${#word}; i++)); do
                _parsec_option "$path" "-${word:i:1}"
                [[ ! $takes ]] || break
            done
            [[ i -ge ${#word}-1 ]] || takes=
        elif [[ ! $ended && " $subcommands " == *" $word "* ]]; then
            path+=" $word"
            _parsec_command "$path"
        else
            position=$((position + 1))
        fi
    done

    local before= prefix quoted
    if [[ $takes ]]; then
        :
    elif [[ ! $ended && $value == --*=* ]]; then
        before=${value%%=*}=
        _parsec_option "$path" "${before%=}"
    elif [[ ! $ended && $value == -[!-]?* ]]; then
        before=${value:0:2}
        _parsec_option "$path" "$before"
    elif [[ ! $ended && $value == -* ]]; then
        takes="words $options"
    elif [[ $subcommands ]]; then
        takes="words $subcommands"
    else
        [[ $many && position -ge ${#operands[@]} ]] && position=$((${#operands[@]} - 1))
        takes=${operands[position]}
    fi
    prefix=${value#"$before"}

    case $takes in
        words\ *) candidates=(${takes#words }) ;;
        fields\ *)
            line=${prefix%"${prefix##*,}"}
            for word in ${takes#fields }; do
                [[ ,$line == *",$word,"* ]] || candidates+=("$line$word")
            done
            compopt -o nospace 2>/dev/null
            ;;
        users | profiles | runs)
            # only this machine knows them: local files, no request
            while IFS= read -r word; do
                candidates+=("$word")
            done < <("$command" __complete "$takes:$prefix" "${words[@]:1}" 2>/dev/null)
            ;;
        files) compopt -o default 2>/dev/null ;;
    esac
    for word in "${candidates[@]}"; do
        word=$before$word
        [[ $word == "$value"* && $word == "$head"* ]] || continue
        quoted=${word#"$head"}
        case $takes in
            users | profiles | runs) _parsec_quote "$quoted" "$quote" ;;
        esac
        COMPREPLY+=("$quoted")
    done
}

if type compopt >/dev/null 2>&1; then
    complete -F _parsec parsec
else
    complete -o default -F _parsec parsec
fi
