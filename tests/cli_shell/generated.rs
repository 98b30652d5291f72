//! Completions and the manual: every verb and option that `--help` shows, and no hidden one.

use crate::command::Place;
use clap::{Arg, Command, CommandFactory};
use std::process::Command as Process;
use worldtape::cli::Cli;

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

/// Verbs as they are typed, and long options, of everything below a command; shown and hidden.
#[derive(Default)]
struct Words {
    verbs: Vec<String>,
    options: Vec<String>,
    hidden: Vec<String>,
}

impl Words {
    fn gather(&mut self, command: &Command) {
        for verb in command.get_subcommands() {
            self.verbs.push(verb.get_name().to_owned());
            self.gather(verb);
        }
        let long = |argument: &Arg| argument.get_long().map(str::to_owned);
        let (hidden, shown): (Vec<&Arg>, Vec<&Arg>) =
            command.get_arguments().partition(|argument| argument.is_hide_set());
        self.options.extend(shown.into_iter().filter_map(long));
        self.hidden.extend(hidden.into_iter().filter_map(long));
    }

    fn of_the_program() -> Words {
        let mut words = Words::default();
        words.gather(&Cli::command());
        assert!(words.verbs.contains(&"export".to_owned()), "{:?}", words.verbs);
        assert!(words.options.contains(&"until-drift".to_owned()), "{:?}", words.options);
        assert_eq!(words.hidden, ["acknowledge"]);
        words
    }

    /// Each shown word stands in `text`, none of the hidden does.
    #[track_caller]
    fn stand_in(&self, what: &str, text: &str) {
        for word in self.verbs.iter().chain(&self.options) {
            assert!(text.contains(word.as_str()), "{what} lacks {word}");
        }
        for word in &self.hidden {
            assert!(!text.contains(word.as_str()), "{what} has {word}");
        }
    }
}

#[test]
fn completions_have_every_verb_and_option() {
    let (place, words) = (Place::new(), Words::of_the_program());
    for shell in SHELLS {
        let script = place.run(&format!("completions {shell}")).fine();
        words.stand_in(shell, &script);
    }
    let ran = place.run("completions tcsh").exits(2);
    assert!(ran.err.contains("possible values: bash, elvish, fish, powershell, zsh"), "{ran:?}");
}

#[test]
fn bash_takes_its_completions_and_completes_with_them() {
    let place = Place::new();
    place.write("completions", place.run("completions bash").fine());
    let complete = |words: &[&str]| {
        let script = r#"
            set -u
            source ./completions
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _worldtape worldtape "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
            echo "${COMPREPLY[@]}""#;
        let mut bash = Process::new("bash");
        bash.args(["-c", script, "bash"]).args(words).current_dir(place.path(""));
        let output = bash.output().expect("bash is there: the scripts of .ci need it");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    assert_eq!(complete(&["worldtape", "repl"]), "replay");
    assert_eq!(complete(&["worldtape", "export", "--f"]), "--format --frames");
    assert_eq!(complete(&["worldtape", "export", "--format", ""]), "gif png y4m cast");
    assert_eq!(complete(&["worldtape", "world", "pa"]), "pack");
    assert_eq!(complete(&["worldtape", "record", "--ac"]), "--actions");
    let mut bash = Process::new("bash");
    let checked = bash.args(["-n", "completions"]).current_dir(place.path("")).output();
    assert!(checked.expect("runs").status.success());
}

#[test]
fn the_manual_has_every_verb_and_option() {
    let page = Place::new().run("manual").fine();
    let text = page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
    Words::of_the_program().stand_in("the manual", &text);
    assert!(page.starts_with(".ie \\n(.g .ds Aq"), "{}", &page[..40]);
    let title = concat!("worldtape ", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&format!(".TH worldtape 1  \"{title}\" Worldtape")), "{text}");
    for verb in ["PLAY", "EXPORT", "WORLD PACK", "MANUAL"] {
        assert!(text.contains(&format!("\n.SH \"WORLDTAPE {verb}\"\n")), "{verb}");
    }
    for line in page.lines().filter(|line| line.starts_with('.')) {
        let macros = [".SH", ".SS", ".TP", ".PP", ".TH", ".RS", ".RE", ".IP", ".br", ".ie", ".el"];
        assert!(macros.iter().any(|name| line.starts_with(name)), "{line}");
    }
}
