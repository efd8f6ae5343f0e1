# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_carto_auth_global_optspecs
string join \n credentials= mode= profile= no-cache json q/quiet v/verbose color= h/help V/version
end
function __fish_carto_auth_needs_command
# Figure out if the current invocation already has a command.
set -l cmd (commandline -opc)
set -e cmd[1]
argparse -s (__fish_carto_auth_global_optspecs) -- $cmd 2>/dev/null
or return
if set -q argv[1]
# Also print the command, so this can be used to figure out what it is.
echo $argv[1]
return 1
end
return 0
end
function __fish_carto_auth_using_subcommand
set -l cmd (__fish_carto_auth_needs_command)
test -z "$cmd"
and return 1
contains -- $cmd[1] $argv
end
complete -c carto-auth -n "__fish_carto_auth_needs_command" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_needs_command" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_needs_command" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_needs_command" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_needs_command" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -s V -l version -d 'Print version'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "login" -d 'Log in as a person, with the browser or a pasted code'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "token" -d 'Print a valid access token'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "dw" -d 'Print the project and a token of the CARTO Data Warehouse'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "env" -d 'Print a token as variables for a shell, or run a command with them'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "status" -d 'Say whose token would be used, and until when it is good'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "whoami" -d 'Say whose token would be used, and until when it is good'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "doctor" -d 'Try what a login and a token need: session, cache, hosts, clock, port, browser'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "logout" -d 'Forget the login, or the cached token of a machine'
complete -c carto-auth -n "__fish_carto_auth_needs_command" -f -a "completions" -d 'Print what a shell needs to complete this command line'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l org -d 'Organization with single sign-on, by its name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l code -d 'Finish the login that is pending with this code or address, or - for standard input' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l timeout -d 'How long to wait, such as 90s or 5m' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l api-base-url -d 'Base of the account\'s APIs, instead of asking CARTO for it' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l browser -d 'Open a browser, whatever this place looks like'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l no-browser -d 'Open no browser; paste the code that CARTO\'s page shows'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l force -d 'Log in anew, though a login is there and the browser knows the person'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand login" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l min-ttl -d 'Ask for a token that lives at least this long yet, such as 60s, 10m or 1h' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l header -d 'Print a whole header: Authorization: Bearer …'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l refresh -d 'Ask CARTO for a new token though the cached one is good; for machines'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand token" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l format -d 'Who reads the assignments: sh, which is the default, stands for bash, zsh, dash and ksh, too' -r -f -a "sh\t''
fish\t''
powershell\t''
dotenv\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l dw -d 'Add the variables of the Data Warehouse, which Google\'s tools read'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -l verify -d 'Ask CARTO whether it still takes the token'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand status" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -l verify -d 'Ask CARTO whether it still takes the token'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand whoami" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand logout" -s h -l help -d 'Print help'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -l credentials -d 'CARTO credentials file of a machine, or - for standard input' -r -F
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -l mode -d 'Whose token: a person\'s (oauth) or a machine\'s (m2m), instead of the usual rule' -r -f -a "oauth\t''
m2m\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -l profile -d 'Which of several logins; it comes before a machine that variables name' -r
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -l color -d 'Colour on stderr' -r -f -a "auto\t''
always\t''
never\t''"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -l no-cache -d 'Keep the token nowhere (a machine\'s alone)'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -l json -d 'Answer in JSON; errors too, on stderr'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -s v -l verbose -d 'Say what is done and why; twice for every request'
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -s h -l help -d 'Print help'
complete -c carto-auth -l mode -r -f -a "oauth m2m"
complete -c carto-auth -l color -r -f -a "auto always never"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand dw" -f -a "project token"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand completions" -f -a "bash zsh fish powershell"
complete -c carto-auth -n "__fish_carto_auth_using_subcommand env; and test (commandline -opc)[-1] = --" -x -a "(__fish_complete_command)"
