# Bash breaks words at `@` and `=` and replaces only what follows `=`, or `@` and what follows it: swyx is
# given the line as typed, and what stands before that is removed from each word that it offers.
%(complete_func)s() {
    local IFS=$'\n' response completion type value
    local line="${COMP_LINE:0:COMP_POINT}" own="${COMP_WORDS[COMP_CWORD]}"
    local word="${line##*[[:space:]]}" place=-1
    [[ -z $word ]] && place=1000
    [[ $own == [@=] ]] && own=""
    local before="${word%%"$own"}"
    before="${before%%@}"  # an `@` itself is replaced

    response=$(env COMP_WORDS="$line" COMP_CWORD=$place %(complete_var)s=bash_complete $1)

    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            dir) COMPREPLY=(); compopt -o dirnames ;;
            file) COMPREPLY=(); compopt -o default ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done
}

complete -o nosort -F %(complete_func)s %(prog_name)s
