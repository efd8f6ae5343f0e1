//! `carto-auth completions` in the shells that it is for. PowerShell is not among what the tests need.

use std::fs;
use std::path::Path;
use std::process::Command;

use carto_auth_tests::run;

use crate::world::World;

/// What a shell prints that is asked by this script, with `carto-auth` in its path.
fn printed(world: &World, shell: &[&str], script: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_carto-auth"));
    let folder = program.parent().unwrap().display();
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .arg(script)
        .current_dir(world.path(""))
        .env_clear()
        .env("HOME", world.path(""))
        .env("TERM", "dumb")
        .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"));
    let outcome = run(&mut command, "").unwrap();
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(0), ""),
        "{outcome:?}"
    );
    outcome.stdout
}

/// A word begun, and what it may become.
const BEGUN: [(&str, &[&str]); 5] = [
    ("carto-auth tok", &["token"]),
    ("carto-auth token --cr", &["--credentials"]),
    ("carto-auth --cr", &["--credentials"]),
    ("carto-auth token --mode ", &["m2m", "oauth"]),
    ("carto-auth --mode ", &["m2m", "oauth"]),
];

fn each_completes(ask: impl Fn(&str) -> String, word: impl Fn(&str) -> Option<&str>) {
    for (begun, expected) in BEGUN {
        let printed = ask(begun);
        let mut offered: Vec<_> = printed.lines().filter_map(&word).collect();
        offered.sort_unstable();
        assert_eq!(offered, expected, "{begun}: {printed:?}");
    }
}

#[test]
fn bash_completes() {
    let world = World::new();
    let ask = |begun: &str| {
        let script = format!(
            "source <(carto-auth completions bash)
            read -ra COMP_WORDS <<< '{begun}'
            [[ '{begun}' == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
            function=$(complete -p carto-auth | grep -oE -- '-F [^ ]+')
            ${{function#-F }} carto-auth \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
            printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        printed(&world, &["bash", "--noprofile", "--norc", "-c"], &script)
    };
    each_completes(ask, |line| Some(line));
}

#[test]
fn fish_completes() {
    let world = World::new();
    let ask = |begun: &str| {
        let script = format!("carto-auth completions fish | source; complete -C '{begun}'");
        printed(&world, &["fish", "--no-config", "-c"], &script)
    };
    each_completes(ask, |line| line.split('\t').next());
    // What its generator leaves out.
    for (begun, offered) in [("dw ", "project\ntoken\n"), ("completions z", "zsh\n")] {
        assert_eq!(ask(&format!("carto-auth {begun}")), offered);
    }
    assert!(
        ask("carto-auth env -- tes")
            .lines()
            .any(|line| line.starts_with("test\t"))
    );
}

/// zsh completes at a terminal only: one is made for it, and what it would show is taken from the call that adds it.
#[test]
fn zsh_completes() {
    let world = World::new();
    fs::create_dir(world.path("functions")).unwrap();
    let script = world.run(&["completions", "zsh"]).stdout;
    fs::write(world.path("functions/_carto-auth"), script).unwrap();
    let inside = "fpath=($HOME/functions $fpath)
        PROMPT=
        autoload -Uz compinit && compinit -u -D
        compadd () {
            if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd \"$@\"; return; fi
            local -a matches
            builtin compadd -A matches \"$@\"
            (( $#matches )) && printf '<%s>\\n' $matches
            builtin compadd \"$@\"
        }
        offer () { _main_complete; printf 'END\\n'; exit }
        zle -C offer complete-word offer
        bindkey '^I' offer
        print READY";
    fs::write(world.path("inside.zsh"), inside).unwrap();
    let ask = |begun: &str| {
        let script = format!(
            "zmodload zsh/zpty
            zpty shell zsh -fi
            zpty -w shell 'source $HOME/inside.zsh'
            zpty -r shell answer '*READY*'
            zpty -n -w shell '{begun}'$'\\t'
            zpty -r shell answer '*END*'
            print -r -- $answer"
        );
        printed(&world, &["zsh", "-f", "-c"], &script)
    };
    each_completes(ask, |line| line.trim_end().split_once('<')?.1.strip_suffix('>'));
}

#[test]
fn each_script_is_for_its_shell() {
    let world = World::new();
    for (shell, begins, has) in [
        ("bash", "_carto__auth() {\n", "complete -F _carto__auth"),
        ("zsh", "#compdef carto-auth\n", "compdef _carto-auth carto-auth"),
        ("fish", "# Print an optspec", "complete -c carto-auth"),
        (
            "powershell",
            "using namespace System.Management.Automation\n",
            "Register-ArgumentCompleter -Native -CommandName 'carto-auth'",
        ),
    ] {
        let outcome = world.run(&["completions", shell]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        assert!(outcome.stdout.starts_with(begins), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(has), "{}", outcome.stdout);
    }
    assert_eq!(world.run(&["completions", "tcsh"]).code, Some(2));
}
