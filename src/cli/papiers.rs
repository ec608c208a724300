//! What a package ships beside the program: completions of shells and man pages, from the command line
//! itself.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use super::out::say;
use super::{Failure, french, out};

#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// Interpréteur de commandes
    shell: Shell,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Dossier des pages ; à défaut, la page principale va sur la sortie
    #[arg(long, value_name = "DOSSIER")]
    out: Option<PathBuf>,
}

/// Completions for a shell, on standard output.
pub fn completions(args: &CompletionArgs) -> Result<(), Failure> {
    clap_complete::generate(args.shell, &mut french::command(), "mosaique", &mut out::stdout());
    Ok(())
}

/// Man pages: one of the program, one a command.
pub fn man(args: &ManArgs) -> Result<(), Failure> {
    let mut all = french::command();
    all.build();
    let Some(folder) = &args.out else {
        say!("{}", page(&all, "mosaique")?);
        return Ok(());
    };
    std::fs::create_dir_all(folder)?;
    let mut written = 0;
    write(&all, "mosaique", folder, &mut written)?;
    say!("{written} pages dans {}", folder.display());
    Ok(())
}

fn write(
    command: &Command,
    name: &str,
    folder: &std::path::Path,
    written: &mut usize,
) -> Result<(), Failure> {
    std::fs::write(folder.join(format!("{name}.1")), page(command, name)?)?;
    *written += 1;
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        write(below, &format!("{name}-{}", below.get_name()), folder, written)?;
    }
    Ok(())
}

/// A page whose headings are in French, as its text.
fn page(command: &Command, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command.clone().name(name.to_owned()).bin_name(name.replace('-', " ")))
        .render(&mut bytes)?;
    let text = String::from_utf8(bytes)?;
    let headings = [
        (".SH NAME", ".SH NOM"),
        (".SH SYNOPSIS", ".SH SYNOPSIS"),
        (".SH DESCRIPTION", ".SH DESCRIPTION"),
        (".SH OPTIONS", ".SH OPTIONS"),
        (".SH SUBCOMMANDS", ".SH COMMANDES"),
        (".SH VERSION", ".SH VERSION"),
    ];
    Ok(headings.iter().fold(text, |t, (en, fr)| t.replace(en, fr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_in_french_and_shells_complete_it() {
        let dir = tempfile::tempdir().unwrap();
        man(&ManArgs { out: Some(dir.path().to_owned()) }).unwrap();
        let serve = std::fs::read_to_string(dir.path().join("mosaique-serve.1")).unwrap();
        assert!(serve.contains(".SH NOM") && serve.contains("MOSAIQUE_BIND"), "{serve}");
        let pages = std::fs::read_dir(dir.path()).unwrap().count();
        let commands = french::command().get_subcommands().filter(|c| !c.is_hide_set()).count();
        assert!(pages > commands, "{pages} pages");
        let mut bytes = Vec::new();
        clap_complete::generate(Shell::Bash, &mut french::command(), "mosaique", &mut bytes);
        assert!(String::from_utf8(bytes).unwrap().contains("sauvegarde"));
    }
}
