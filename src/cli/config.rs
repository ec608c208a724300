//! Where options come from: the command line, else a `MOSAIQUE_*` variable, else a line of `mosaique.toml`.
//!
//! One rule gives all three names: `--derriere-un-relais` is `MOSAIQUE_DERRIERE_UN_RELAIS` and
//! `derriere-un-relais = true`, at the top of the file for every command that has it, or under the name of
//! one command. Consent is never configured: who accepts a loss types it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};

/// Options that say yes to a loss, to a doubt or to one import: typed each time.
const TYPED: [&str; 5] = ["forcer", "remplacer", "help", "version", "config"];
/// Settings that are no option, for they hold secrets, which the command line would show to everybody on the
/// machine.
pub const SETTINGS: [&str; 12] = [
    "DATABASE_URL",
    "MOSAIQUE_BAN_URL",
    "MOSAIQUE_BASE_NEUVE",
    "MOSAIQUE_SMTP_COMPTE",
    "MOSAIQUE_SMTP_MOT_DE_PASSE",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_REDIRECT",
    "OIDC_NOM",
    "OIDC_COURRIELS_VERIFIES",
    "RUST_LOG",
];
const SECTION: &str = "environnement";
/// Files that are read without being named, the first that is there.
const PLACES: [&str; 2] = ["mosaique.toml", "/etc/mosaique/mosaique.toml"];

/// Why the configuration cannot be used, in French.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("« {} » : {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("« {} » n'est pas du TOML : {message}", .path.display())]
    Toml { path: PathBuf, message: String },
    #[error("« {} » : « {key} » n'est pas une option{place}{near}", .path.display())]
    Unknown { path: PathBuf, key: String, place: String, near: String },
    #[error("« {} » : « {key} » attend {expected}", .path.display())]
    Value { path: PathBuf, key: String, expected: &'static str },
    #[error("{name} attend {expected}, pas « {value} »")]
    Variable { name: String, expected: &'static str, value: String },
}

/// What is configured: values of options by the path of their command (empty: any), and settings.
#[derive(Debug, Default)]
pub struct Config {
    values: BTreeMap<(String, String), Vec<String>>,
    pub settings: BTreeMap<String, String>,
}

/// The variable of an option.
#[must_use]
pub fn variable(long: &str) -> String {
    format!("MOSAIQUE_{}", long.to_uppercase().replace('-', "_"))
}

/// Whether an option may come from elsewhere than the command line.
#[must_use]
pub fn may(arg: &Arg) -> Option<String> {
    let long = arg.get_long()?;
    (!TYPED.contains(&long)).then(|| long.to_owned())
}

/// The file that `--config` or `MOSAIQUE_CONFIG` names, else the usual ones.
#[must_use]
pub fn file(args: &[String], var: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = args.iter().enumerate().find_map(|(i, a)| match a.strip_prefix("--config") {
        Some("") => args.get(i + 1).cloned(),
        Some(rest) => rest.strip_prefix('=').map(str::to_owned),
        None => None,
    });
    let named = named.or_else(|| var("MOSAIQUE_CONFIG")).map(PathBuf::from);
    named.or_else(|| PLACES.iter().map(PathBuf::from).find(|p| p.is_file()))
}

/// Reads a file; every key must be an option of the command line.
///
/// # Errors
/// It cannot be read, or holds what is no option.
pub fn read(path: &Path, all: &Command) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| ConfigError::Toml {
        path: path.to_owned(),
        message: e.message().to_owned(),
    })?;
    let mut config = Config::default();
    section(path, &table, "", all, &mut config)?;
    Ok(config)
}

fn section(
    path: &Path,
    table: &toml::Table,
    of: &str,
    command: &Command,
    out: &mut Config,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        if let toml::Value::Table(inner) = value {
            if of.is_empty() && key == SECTION {
                settings(path, inner, out)?;
                continue;
            }
            let name = format!("{of} {key}").trim_start().to_owned();
            match command.find_subcommand(key) {
                Some(sub) => section(path, inner, &name, sub, out)?,
                None => return Err(unknown(path, &format!("[{name}]"), of, "")),
            }
            continue;
        }
        let known = if of.is_empty() { anywhere(command, key) } else { has(command, key) };
        if !known {
            let underscores = key.replace('_', "-");
            let near = (underscores != *key && anywhere(command, &underscores)).then_some(underscores);
            return Err(unknown(path, key, of, near.as_deref().unwrap_or("")));
        }
        let expected = "un texte, un nombre, vrai ou faux (true, false), ou une liste";
        let list = match value {
            toml::Value::Array(list) => list.iter().map(plain).collect::<Option<Vec<_>>>(),
            one => plain(one).map(|v| vec![v]),
        };
        let list =
            list.ok_or_else(|| ConfigError::Value { path: path.to_owned(), key: key.clone(), expected })?;
        out.values.insert((of.to_owned(), key.clone()), list);
    }
    Ok(())
}

fn settings(path: &Path, table: &toml::Table, out: &mut Config) -> Result<(), ConfigError> {
    for (key, value) in table {
        if !SETTINGS.contains(&key.as_str()) {
            return Err(unknown(path, key, SECTION, ""));
        }
        let expected = "un texte";
        let text = plain(value).ok_or_else(|| ConfigError::Value {
            path: path.to_owned(),
            key: key.clone(),
            expected,
        })?;
        out.settings.insert(key.clone(), text);
    }
    Ok(())
}

fn unknown(path: &Path, key: &str, of: &str, near: &str) -> ConfigError {
    ConfigError::Unknown {
        path: path.to_owned(),
        key: key.to_owned(),
        place: if of.is_empty() { String::new() } else { format!(" de [{of}]") },
        near: if near.is_empty() { String::new() } else { format!(" ; peut-être « {near} » ?") },
    }
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(s) => Some(s.clone()),
        toml::Value::Integer(n) => Some(n.to_string()),
        toml::Value::Float(n) => Some(n.to_string()),
        toml::Value::Boolean(b) => Some(b.to_string()),
        _ => None,
    }
}

fn has(command: &Command, key: &str) -> bool {
    command.get_arguments().filter_map(may).any(|long| long == key)
}

fn anywhere(command: &Command, key: &str) -> bool {
    has(command, key) || command.get_subcommands().any(|c| anywhere(c, key))
}

impl Config {
    /// Gives a command and those below it the values that are configured as their defaults.
    ///
    /// # Errors
    /// A variable holds what its option cannot take.
    pub fn apply(
        &self,
        command: Command,
        of: &str,
        var: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Command, ConfigError> {
        let mut fault = None;
        let mut command = command.mut_args(|arg| {
            let Some(long) = may(&arg) else { return arg };
            match self.value(&arg, of, &long, var) {
                Ok(Some(values)) => arg.required(false).default_values(values),
                Ok(None) => arg,
                Err(e) => {
                    fault = Some(e);
                    arg
                }
            }
        });
        if let Some(e) = fault {
            return Err(e);
        }
        let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
        for name in names {
            let below = format!("{of} {name}").trim_start().to_owned();
            let mut fault = None;
            command = command.mut_subcommand(&name, |c| {
                self.apply(c, &below, var).unwrap_or_else(|e| {
                    fault = Some(e);
                    Command::new(name.clone())
                })
            });
            if let Some(e) = fault {
                return Err(e);
            }
        }
        Ok(command)
    }

    fn value(
        &self,
        arg: &Arg,
        of: &str,
        long: &str,
        var: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Vec<String>>, ConfigError> {
        let name = variable(long);
        let many = matches!(arg.get_action(), ArgAction::Append);
        let found = match var(&name).filter(|v| !v.is_empty()) {
            Some(value) if many => Some(value.split_whitespace().map(str::to_owned).collect()),
            Some(value) => Some(vec![value]),
            // The nearest section first: `[serve]` before the top of the file.
            None => {
                [of, ""].iter().find_map(|s| self.values.get(&((*s).to_owned(), long.to_owned())).cloned())
            }
        };
        let Some(values) = found else { return Ok(None) };
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return match values[0].to_lowercase().as_str() {
                "true" | "oui" | "1" => Ok(Some(vec!["true".to_owned()])),
                "false" | "non" | "0" => Ok(None),
                other => Err(ConfigError::Variable { name, expected: "oui ou non", value: other.to_owned() }),
            };
        }
        Ok(Some(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let flag = Arg::new("flag").long("derriere-un-relais").action(ArgAction::SetTrue);
        Command::new("m").subcommand(
            Command::new("serve")
                .arg(Arg::new("data").long("data").default_value("magasin"))
                .arg(Arg::new("fond").long("fond").action(ArgAction::Append))
                .arg(Arg::new("forcer").long("forcer").action(ArgAction::SetTrue))
                .arg(flag),
        )
    }

    fn config(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mosaique.toml");
        std::fs::write(&path, text).unwrap();
        read(&path, &command())
    }

    fn parsed(config: &Config, args: &[&str], vars: &[(&str, &str)]) -> clap::ArgMatches {
        let var = |n: &str| vars.iter().find(|(k, _)| *k == n).map(|(_, v)| (*v).to_owned());
        let all = config.apply(command(), "", &var).unwrap();
        all.try_get_matches_from(args).unwrap().subcommand_matches("serve").unwrap().clone()
    }

    #[test]
    fn the_command_line_wins_over_the_variable_which_wins_over_the_file() {
        let c =
            config("data = \"a\"\n[serve]\ndata = \"b\"\nderriere-un-relais = true\nfond = [\"x\", \"y\"]\n")
                .unwrap();
        let data = |m: &clap::ArgMatches| m.get_one::<String>("data").unwrap().clone();
        let from_file = parsed(&c, &["m", "serve"], &[]);
        assert_eq!(data(&from_file), "b");
        assert!(from_file.get_flag("flag"));
        assert_eq!(from_file.get_many::<String>("fond").unwrap().count(), 2);
        let vars = [("MOSAIQUE_DATA", "c"), ("MOSAIQUE_FOND", "p q r")];
        let from_variable = parsed(&c, &["m", "serve"], &vars);
        assert_eq!(data(&from_variable), "c");
        assert_eq!(from_variable.get_many::<String>("fond").unwrap().count(), 3);
        assert_eq!(data(&parsed(&c, &["m", "serve", "--data", "d"], &vars)), "d");
        assert_eq!(data(&parsed(&Config::default(), &["m", "serve"], &[])), "magasin");
    }

    #[test]
    fn what_is_no_option_is_named_and_consent_is_no_setting() {
        for (text, word) in [
            ("dta = \"a\"", "dta"),
            ("[serv]\ndata = \"a\"", "[serv]"),
            ("derriere_un_relais = true", "derriere-un-relais"),
            ("forcer = true", "forcer"),
            ("[environnement]\nPATH = \"/\"", "PATH"),
            ("data = ", "TOML"),
        ] {
            let fault = config(text).unwrap_err().to_string();
            assert!(fault.contains(word), "{text}: {fault}");
        }
        let c = config("[environnement]\nDATABASE_URL = \"postgres://h/b\"").unwrap();
        assert_eq!(c.settings["DATABASE_URL"], "postgres://h/b");
    }
}
