_carto__auth() {
local i cur prev opts cmd
COMPREPLY=()
if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
cur="$2"
else
cur="${COMP_WORDS[COMP_CWORD]}"
fi
prev="$3"
cmd=""
opts=""
for i in "${COMP_WORDS[@]:0:COMP_CWORD}"
do
case "${cmd},${i}" in
",$1")
cmd="carto__auth"
;;
carto__auth,completions)
cmd="carto__auth__subcmd__completions"
;;
carto__auth,doctor)
cmd="carto__auth__subcmd__doctor"
;;
carto__auth,dw)
cmd="carto__auth__subcmd__dw"
;;
carto__auth,env)
cmd="carto__auth__subcmd__env"
;;
carto__auth,login)
cmd="carto__auth__subcmd__login"
;;
carto__auth,logout)
cmd="carto__auth__subcmd__logout"
;;
carto__auth,status)
cmd="carto__auth__subcmd__status"
;;
carto__auth,token)
cmd="carto__auth__subcmd__token"
;;
carto__auth,whoami)
cmd="carto__auth__subcmd__status"
;;
*)
;;
esac
done
case "${cmd}" in
carto__auth)
opts="-q -v -h -V --credentials --mode --profile --no-cache --json --quiet --verbose --color --help --version login token dw env status whoami doctor logout completions"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 1 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__completions)
opts="-q -v -h --credentials --mode --profile --no-cache --json --quiet --verbose --color --help bash zsh fish powershell"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__doctor)
opts="-q -v -h --credentials --mode --profile --no-cache --json --quiet --verbose --color --help"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__dw)
opts="-q -v -h --credentials --mode --profile --no-cache --json --quiet --verbose --color --help project token"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__env)
opts="-q -v -h --dw --format --credentials --mode --profile --no-cache --json --quiet --verbose --color --help"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--format)
COMPREPLY=($(compgen -W "sh fish powershell dotenv" -- "${cur}"))
return 0
;;
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__login)
opts="-q -v -h --org --browser --no-browser --code --force --timeout --api-base-url --credentials --mode --profile --no-cache --json --quiet --verbose --color --help"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--org)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--code)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--timeout)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--api-base-url)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__logout)
opts="-q -v -h --credentials --mode --profile --no-cache --json --quiet --verbose --color --help"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__status)
opts="-q -v -h --verify --credentials --mode --profile --no-cache --json --quiet --verbose --color --help"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
carto__auth__subcmd__token)
opts="-q -v -h --header --min-ttl --refresh --credentials --mode --profile --no-cache --json --quiet --verbose --color --help"
if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
fi
case "${prev}" in
--min-ttl)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--credentials)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--mode)
COMPREPLY=($(compgen -W "oauth m2m" -- "${cur}"))
return 0
;;
--profile)
COMPREPLY=($(compgen -f "${cur}"))
return 0
;;
--color)
COMPREPLY=($(compgen -W "auto always never" -- "${cur}"))
return 0
;;
*)
COMPREPLY=()
;;
esac
COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
return 0
;;
esac
}
if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
complete -F _carto__auth -o nosort -o bashdefault -o default carto-auth
else
complete -F _carto__auth -o bashdefault -o default carto-auth
fi
