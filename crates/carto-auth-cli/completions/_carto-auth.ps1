using namespace System.Management.Automation
using namespace System.Management.Automation.Language
Register-ArgumentCompleter -Native -CommandName 'carto-auth' -ScriptBlock {
param($wordToComplete, $commandAst, $cursorPosition)
$commandElements = $commandAst.CommandElements
$command = @(
'carto-auth'
for ($i = 1; $i -lt $commandElements.Count; $i++) {
$element = $commandElements[$i]
if ($element -isnot [StringConstantExpressionAst] -or
$element.StringConstantType -ne [StringConstantType]::BareWord -or
$element.Value.StartsWith('-') -or
$element.Value -eq $wordToComplete) {
break
}
$element.Value
}) -join ';'
$completions = @(switch ($command) {
'carto-auth' {
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
[CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
[CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
[CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in as a person, with the browser or a pasted code')
[CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print a valid access token')
[CompletionResult]::new('dw', 'dw', [CompletionResultType]::ParameterValue, 'Print the project and a token of the CARTO Data Warehouse')
[CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Print a token as variables for a shell, or run a command with them')
[CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say whose token would be used, and until when it is good')
[CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Say whose token would be used, and until when it is good')
[CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Try what a login and a token need: session, cache, hosts, clock, port, browser')
[CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the login, or the cached token of a machine')
[CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print what a shell needs to complete this command line')
break
}
'carto-auth;login' {
[CompletionResult]::new('--org', '--org', [CompletionResultType]::ParameterName, 'Organization with single sign-on, by its name')
[CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Finish the login that is pending with this code or address, or - for standard input')
[CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait, such as 90s or 5m')
[CompletionResult]::new('--api-base-url', '--api-base-url', [CompletionResultType]::ParameterName, 'Base of the account''s APIs, instead of asking CARTO for it')
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--browser', '--browser', [CompletionResultType]::ParameterName, 'Open a browser, whatever this place looks like')
[CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; paste the code that CARTO''s page shows')
[CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Log in anew, though a login is there and the browser knows the person')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;token' {
[CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'Ask for a token that lives at least this long yet, such as 60s, 10m or 1h')
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Print a whole header: Authorization: Bearer …')
[CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask CARTO for a new token though the cached one is good; for machines')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;dw' {
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;env' {
[CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Who reads the assignments: sh, which is the default, stands for bash, zsh, dash and ksh, too')
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--dw', '--dw', [CompletionResultType]::ParameterName, 'Add the variables of the Data Warehouse, which Google''s tools read')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;status' {
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Ask CARTO whether it still takes the token')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;whoami' {
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Ask CARTO whether it still takes the token')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;doctor' {
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;logout' {
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
'carto-auth;completions' {
[CompletionResult]::new('--credentials', '--credentials', [CompletionResultType]::ParameterName, 'CARTO credentials file of a machine, or - for standard input')
[CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Whose token: a person''s (oauth) or a machine''s (m2m), instead of the usual rule')
[CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which of several logins; it comes before a machine that variables name')
[CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on stderr')
[CompletionResult]::new('--no-cache', '--no-cache', [CompletionResultType]::ParameterName, 'Keep the token nowhere (a machine''s alone)')
[CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Answer in JSON; errors too, on stderr')
[CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
[CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done and why; twice for every request')
[CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
[CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
break
}
})
$completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
Sort-Object -Property ListItemText
}
