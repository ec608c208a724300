//! Sends mails through the relay that the options name (`--smtp`).

use std::fmt;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::reference::avis::{Subject, notices};
use crate::server::options::ServeOptions;
use crate::state::avis::DueMail;

/// Where mails go to leave.
#[derive(Clone, Default)]
pub struct Smtp {
    /// `smtp://host[:port]` or `smtps://host[:port]`.
    pub relay: String,
    pub from: String,
    /// Account and password of the relay.
    pub account: Option<(String, String)>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({} de {})", self.relay, self.from)
    }
}

impl Smtp {
    /// With the account that the environment gives, if it does.
    #[must_use]
    pub fn from_env(relay: String, from: String) -> Self {
        let var = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let account = var("MOSAIQUE_SMTP_COMPTE").zip(var("MOSAIQUE_SMTP_MOT_DE_PASSE"));
        Self { relay, from, account }
    }
}

/// Why mails cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("--smtp : « {0} » n'est pas un relais ; écrivez smtp://hôte[:port] ou smtps://hôte[:port]")]
    Relay(String),
    #[error(
        "--smtp : le mot de passe du relais ne va pas dans son adresse, que tous lisent sur la machine ; donnez \
         MOSAIQUE_SMTP_COMPTE et MOSAIQUE_SMTP_MOT_DE_PASSE"
    )]
    Secret,
    #[error("--smtp-expediteur : « {0} » n'est pas une adresse électronique")]
    From(String),
    #[error("--smtp demande --adresse-publique : les avis mènent à une page de ce serveur")]
    NoAddress,
    #[error("--smtp : {0}")]
    Tls(lettre::transport::smtp::Error),
}

/// Why one mail did not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    pub why: String,
    /// Whether the relay says that it never will.
    pub forever: bool,
}

/// Sends mails.
pub struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    pub relay: String,
    /// `https://host` of this server.
    site: String,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Post({})", self.relay)
    }
}

/// What `--smtp` names: whether all of it is encrypted from the first byte, host, port.
fn parts(relay: &str) -> Result<(bool, &str, u16), MailError> {
    let wrong = || MailError::Relay(relay.to_owned());
    let (tls, rest) = match relay.split_once("://") {
        Some(("smtp", rest)) => (false, rest),
        Some(("smtps", rest)) => (true, rest),
        _ => return Err(wrong()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('@') {
        return Err(MailError::Secret);
    }
    // An IPv6 address stands in brackets.
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (rest, if tls { 465 } else { 587 }),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:_".contains(c);
    if host.is_empty() || port == 0 || !host.chars().all(plain) {
        return Err(wrong());
    }
    Ok((tls, host, port))
}

/// Whether a host is this machine, where nobody listens in between.
fn local(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Post {
    /// Who sends mails; None if the options name no relay.
    ///
    /// # Errors
    /// The options are incomplete or wrong.
    pub fn new(options: &ServeOptions) -> Result<Option<Self>, MailError> {
        let Some(smtp) = &options.smtp else { return Ok(None) };
        let site = options.adresse_publique.clone().ok_or(MailError::NoAddress)?;
        let (whole, host, port) = parts(&smtp.relay)?;
        let from: Mailbox =
            format!("mosaïque <{}>", smtp.from).parse().map_err(|_| MailError::From(smtp.from.clone()))?;
        let params = || TlsParameters::new(host.to_owned()).map_err(MailError::Tls);
        let tls = match (whole, local(host)) {
            (true, _) => Tls::Wrapper(params()?),
            (false, true) => Tls::Opportunistic(params()?),
            (false, false) => Tls::Required(params()?),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(Duration::from_secs(notices().patience_s)));
        if let Some((account, password)) = &smtp.account {
            transport = transport.credentials(Credentials::new(account.clone(), password.clone()));
        }
        Ok(Some(Self { transport: transport.build(), from, relay: smtp.relay.clone(), site }))
    }

    /// The text of a mail: a count, a page, and how to get none.
    fn text(&self, subject: &Subject, n: i64) -> String {
        format!(
            "Bonjour,\n\n{} dans mosaïque, de la part de votre organisme :\n{}{}\n\nCe message ne contient aucune \
             donnée sur des personnes ou des logements : il faut se connecter pour les lire.\nPour ne plus \
             recevoir ces avis : {}/organisme#avis\n",
            subject.told(n),
            self.site,
            subject.page,
            self.site
        )
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// It did not leave; whether it may later.
    pub async fn send(&self, mail: &DueMail) -> Result<(), NotSent> {
        let forever = |why: String| NotSent { why, forever: true };
        let subject = notices()
            .subject(&mail.sujet)
            .ok_or_else(|| forever(format!("le sujet « {} » n'existe plus", mail.sujet)))?;
        let to: Mailbox = mail
            .courriel
            .parse()
            .map_err(|_| forever("l'adresse du compte n'est pas une adresse électronique".to_owned()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(format!("mosaïque : {}", subject.told(mail.nombre)))
            .header(ContentType::TEXT_PLAIN)
            .body(self.text(subject, mail.nombre))
            .map_err(|e| forever(e.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(e) => Err(NotSent { forever: e.is_permanent(), why: told(&e) }),
        }
    }
}

/// What a relay, or the network, says.
fn told(e: &lettre::transport::smtp::Error) -> String {
    let mut out = e.to_string();
    let mut source = std::error::Error::source(e);
    while let Some(cause) = source {
        let words = cause.to_string();
        if !out.contains(&words) {
            out = format!("{out} : {words}");
        }
        source = cause.source();
    }
    crate::french::system(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_read_with_its_usual_ports_and_a_secret_in_it_is_refused() {
        let read = |text| parts(text).map_err(|e| e.to_string());
        assert_eq!(read("smtp://relais.exemple.fr"), Ok((false, "relais.exemple.fr", 587)));
        assert_eq!(read("smtps://relais.exemple.fr/"), Ok((true, "relais.exemple.fr", 465)));
        assert_eq!(read("smtp://[::1]:2525"), Ok((false, "::1", 2525)));
        assert_eq!(read("smtp://[::1]"), Ok((false, "::1", 587)));
        assert!(read("smtp://a:b@relais").unwrap_err().contains("MOSAIQUE_SMTP_MOT_DE_PASSE"));
        for wrong in ["relais.exemple.fr", "http://x", "smtp://", "smtp://x:0", "smtp://x:port", "smtp://x/y"]
        {
            assert!(read(wrong).unwrap_err().contains("n'est pas un relais"), "{wrong}");
        }
    }

    #[test]
    fn only_this_machine_is_written_to_in_clear() {
        assert!(local("localhost") && local("127.0.0.1") && local("::1"));
        assert!(!local("relais.exemple.fr") && !local("10.0.0.1"));
    }
}
