//! The command line in French: clap says what is wrong and what there is, here it is put in words.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::out::note;
use super::{Cli, config};

/// Status of a command line that cannot be understood, as clap has it.
const MISUSE: i32 = 2;

/// Reads the arguments of the process, and what is configured elsewhere; on a fault says it, and ends the
/// process.
#[must_use]
pub fn parse() -> Cli {
    let read = configured().and_then(|c| {
        let matches = c.try_get_matches();
        let read = matches.and_then(|m| Ok(Cli { store: store_of(&m), ..Cli::from_arg_matches(&m)? }));
        read.map_err(Fault::Line)
    });
    match read {
        Ok(cli) => cli,
        Err(Fault::Line(e)) if !e.use_stderr() => e.exit(),
        Err(fault) => {
            let text = match fault {
                Fault::Line(e) => told(&e),
                Fault::Config(e) => e.to_string(),
            };
            note!("Erreur : {text}");
            std::process::exit(MISUSE)
        }
    }
}

/// The store of the command that was asked, if it has one.
fn store_of(matches: &ArgMatches) -> Option<PathBuf> {
    match matches.subcommand() {
        Some((_, inner)) => store_of(inner),
        None => matches.try_get_one::<PathBuf>("data").ok().flatten().cloned(),
    }
}

/// Why the process does not know what to do.
enum Fault {
    Line(clap::Error),
    Config(config::ConfigError),
}

/// The command line with what variables and the file of settings say.
fn configured() -> Result<Command, Fault> {
    let all = command();
    let args: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let var = |name: &str| std::env::var(name).ok();
    let found = match config::file(&args, &var) {
        Some(path) => config::read(&path, &all).map_err(Fault::Config)?,
        None => config::Config::default(),
    };
    for (name, value) in &found.settings {
        if std::env::var_os(name).is_none() {
            // SAFETY: the process has no other thread yet.
            unsafe { std::env::set_var(name, value) };
        }
    }
    found.apply(all, "", &var).map_err(Fault::Config)
}

/// The command line with its help in French.
pub(super) fn command() -> Command {
    let version = Arg::new("version").long("version").short('V').action(ArgAction::Version);
    french(Cli::command()).disable_version_flag(true).arg(version.help("Afficher la version"))
}

fn french(command: Command) -> Command {
    let help = Arg::new("help").long("help").short('h').action(ArgAction::Help).help("Afficher l'aide");
    command
        .help_template("{about-with-newline}\nUsage : {usage}\n\n{all-args}{after-help}")
        .subcommand_help_heading("Commandes")
        .subcommand_value_name("COMMANDE")
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .mut_args(said)
        .arg(help)
        .mut_subcommands(french)
}

/// An argument whose help says its default and its values in French.
fn said(arg: Arg) -> Arg {
    let words = |list: Vec<String>| list.join(", ");
    let default = words(arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect());
    let values = words(arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect());
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let takes = arg.get_action().takes_values();
    for (label, list) in [("valeurs", values), ("par défaut", default)] {
        if takes && !list.is_empty() {
            help.push_str(&format!(" [{label} : {list}]"));
        }
    }
    if let Some(long) = config::may(&arg) {
        help.push_str(&format!(" [variable : {}]", config::variable(&long)));
    }
    arg.help(help.trim_start().to_owned()).hide_default_value(true).hide_possible_values(true)
}

/// The fault in a sentence, then how the command is used.
fn told(e: &clap::Error) -> String {
    let of = |kind| e.get(kind).map(words).unwrap_or_default();
    let (arg, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let perhaps = |kind| match of(kind) {
        none if none.is_empty() => String::new(),
        near => format!(" ; peut-être « {near} » ?"),
    };
    let fault = match e.kind() {
        ErrorKind::UnknownArgument => {
            format!("« {arg} » n'est pas une option d'ici{}", perhaps(ContextKind::SuggestedArg))
        }
        ErrorKind::InvalidSubcommand => format!(
            "« {} » n'est pas une commande{}",
            of(ContextKind::InvalidSubcommand),
            perhaps(ContextKind::SuggestedSubcommand)
        ),
        ErrorKind::MissingRequiredArgument => format!("il manque {arg}"),
        ErrorKind::MissingSubcommand => {
            format!("il manque une commande parmi {}", of(ContextKind::ValidSubcommand))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} attend une valeur"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = match (of(ContextKind::ValidValue), std::error::Error::source(e)) {
                (valid, _) if !valid.is_empty() => format!(" ; valeurs admises : {valid}"),
                (_, Some(source)) => format!(" : {}", reason(&source.to_string())),
                _ => String::new(),
            };
            format!("« {value} » ne convient pas à {arg}{why}")
        }
        ErrorKind::ArgumentConflict => match of(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == arg => format!("{arg} ne peut être donné qu'une fois"),
            prior => format!("{arg} ne va pas avec {prior}"),
        },
        ErrorKind::InvalidUtf8 => "un argument n'est pas en UTF-8".to_owned(),
        _ => format!("« {value} » est de trop pour {arg}"),
    };
    let usage = of(ContextKind::Usage);
    let usage = usage.trim().trim_start_matches("Usage:").trim_start();
    if usage.is_empty() { fault } else { format!("{fault}\nUsage : {usage}\nAide : --help") }
}

/// What parsers of numbers say, in French; those of our own already are.
fn reason(source: &str) -> String {
    match source {
        s if s.contains("invalid digit") || s.contains("cannot parse") => {
            "un nombre entier est attendu".to_owned()
        }
        s if s.contains("socket address") => {
            "une adresse et un port sont attendus, comme 127.0.0.1:8080".to_owned()
        }
        s if s.contains("is not in") || s.contains("too large") => {
            "nombre trop grand ou trop petit".to_owned()
        }
        s => s.to_owned(),
    }
}

fn words(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(list) => list.join(", "),
        ContextValue::StyledStrs(list) => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ContextValue::None => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(args: &[&str]) -> String {
        told(&command().try_get_matches_from(args).unwrap_err())
    }

    #[test]
    fn faults_are_said_in_french_with_the_option_that_would_do() {
        let unknown = fault(&["mosaique", "import", "rpls", "f.csv", "--milesime", "2024"]);
        assert!(unknown.starts_with("« --milesime » n'est pas une option d'ici"), "{unknown}");
        assert!(
            unknown.contains("--millesime") && unknown.contains("\nUsage : mosaique import rpls"),
            "{unknown}"
        );
        let missing = fault(&["mosaique", "import", "rpls", "f.csv"]);
        assert!(missing.starts_with("il manque --millesime"), "{missing}");
        let word = fault(&["mosaique", "import", "rpls", "f.csv", "--millesime", "vingt"]);
        assert!(
            word.contains("« vingt » ne convient pas à --millesime") && word.contains("nombre entier"),
            "{word}"
        );
        assert!(fault(&["mosaique", "importer"]).starts_with("« importer » n'est pas une commande"));
    }

    #[test]
    fn every_option_names_its_variable_once_and_no_two_options_mean_different_things_by_it() {
        fn walk(command: &Command, seen: &mut usize) {
            for arg in command.get_arguments().filter(|a| config::may(a).is_some()) {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                let name = config::variable(arg.get_long().unwrap_or_default());
                assert_eq!(help.matches(&format!("[variable : {name}]")).count(), 1, "{help}");
                *seen += 1;
            }
            command.get_subcommands().for_each(|c| walk(c, seen));
        }
        let mut seen = 0;
        walk(&command(), &mut seen);
        assert!(seen > 60, "{seen} options");
    }

    #[test]
    fn the_file_that_the_package_ships_is_understood() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/mosaique.toml");
        let read = config::read(&path, &command()).unwrap();
        let all = read.apply(command(), "", &|_| None).unwrap();
        let m = all.try_get_matches_from(["mosaique", "serve"]).unwrap();
        let serve = m.subcommand_matches("serve").unwrap();
        assert!(serve.get_flag("derriere_un_relais"));
        assert_eq!(read.settings["RUST_LOG"], "info");
    }

    #[test]
    fn no_word_of_the_help_is_clap_s_own() {
        fn walk(command: &mut Command) {
            let help = command.render_long_help().to_string();
            for word in ["Usage:", "Commands:", "Print", "[default", "[possible", "Arguments:\n  [args"] {
                assert!(!help.contains(word), "{word} in\n{help}");
            }
            for name in command.get_subcommands().map(|c| c.get_name().to_owned()).collect::<Vec<_>>() {
                walk(command.find_subcommand_mut(&name).unwrap());
            }
        }
        let mut all = command();
        all.build();
        walk(&mut all);
    }
}
