//! The elements of an exchange, one after the other.

use std::io::Read;
use std::path::Path;

use quick_xml::errors::{Error, IllFormedError};
use quick_xml::escape::EscapeError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::demand::{Demand, Paths, Wanted, day};
use super::{ExchangeError, Told};
use crate::reference::echange::Echange;
use crate::reference::registre::Registre;
use crate::registers::kit::guard::{Budget, Guard};

/// Whose an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    Sne,
    Complement,
    Other,
}

struct Open {
    space: Space,
    name: String,
    /// Length of the path before it.
    before: usize,
}

/// Distinct names of unread elements that are told.
const NAMES: usize = 200;
const ROOT: &str = "interfaceNuu";
const DEMAND: &str = "demandeLogement";

/// A document on its way.
pub(super) struct Walk<'w, R: Read> {
    path: &'w Path,
    reader: NsReader<Guard<R>>,
    buffer: Vec<u8>,
    exchange: &'static Echange,
    registre: &'static Registre,
    paths: Paths,
    extrait: u32,
    open: Vec<Open>,
    /// Local names from `demandeLogement` on.
    trail: String,
    text: String,
    wanted: Vec<Wanted>,
    demand: Option<(u64, Demand)>,
    seen_root: bool,
    header: bool,
    pub told: Told,
}

type Passed = Option<(u64, Vec<String>)>;

impl<'w, R: Read> Walk<'w, R> {
    pub fn new(
        path: &'w Path,
        guard: Guard<R>,
        exchange: &'static Echange,
        registre: &'static Registre,
        extrait: u32,
    ) -> Self {
        let mut reader = NsReader::from_reader(guard);
        reader.config_mut().expand_empty_elements = true;
        Self {
            path,
            reader,
            buffer: Vec::new(),
            exchange,
            registre,
            paths: Paths::new(exchange, registre),
            extrait,
            open: Vec::new(),
            trail: String::new(),
            text: String::new(),
            wanted: Vec::new(),
            demand: None,
            seen_root: false,
            header: false,
            told: Told::default(),
        }
    }

    /// The day of the file was read, or a demand has begun.
    pub fn header_is_read(&self) -> bool {
        self.header || self.demand.is_some()
    }

    fn refused(&mut self, why: impl Into<String>) -> ExchangeError {
        let (line, column) = self.reader.get_mut().place();
        ExchangeError::Refused { path: self.path.to_owned(), line, column, why: why.into() }
    }

    /// Reads one event; a demand that ends gives its line and row. `None` at the end of the document.
    pub fn step(&mut self) -> Result<Option<Passed>, ExchangeError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        self.reader.get_mut().begin(self.exchange.bornes.element);
        let read = match self.reader.read_resolved_event_into(&mut buffer) {
            Ok((space, event)) => {
                let space = match space {
                    ResolveResult::Bound(Namespace(uri)) if uri == self.exchange.espace => Ok(Space::Sne),
                    ResolveResult::Bound(Namespace(uri)) if uri == self.exchange.complement => {
                        Ok(Space::Complement)
                    }
                    ResolveResult::Unknown(prefix) => Err(prefix),
                    _ => Ok(Space::Other),
                };
                Ok((space, event))
            }
            Err(e) => Err(e),
        };
        let out = match read {
            Ok((Ok(space), event)) => self.event(space, event),
            Ok((Err(prefix), _)) => {
                Err(self.refused(format!("préfixe « {} » sans espace de noms déclaré", short(&prefix))))
            }
            Err(e) => Err(self.fault(&e)),
        };
        self.buffer = buffer;
        out
    }

    fn event(&mut self, space: Space, event: Event<'_>) -> Result<Option<Passed>, ExchangeError> {
        match event {
            Event::Start(e) => self.start(space, &e).map(|()| Some(None)),
            Event::End(_) => self.end().map(Some),
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) => Ok(Some(None)),
            Event::Text(t) => self.said(&t.xml10_content()),
            Event::CData(t) => self.said(&t.xml10_content()),
            Event::GeneralRef(r) => match sign(&r) {
                Some(c) => self.said(c.encode_utf8(&mut [0; 4])),
                None => {
                    let name = short(&r.borrow().into_inner());
                    Err(self.refused(format!("entité « &{name}; » refusée : un échange n'en déclare aucune")))
                }
            },
            Event::DocType(_) => {
                Err(self
                    .refused("déclaration DOCTYPE refusée (DTD et entités) : l'échange du SNE n'en a pas"))
            }
            Event::Decl(d) => match d.encoding() {
                Some(Ok(name)) if !name.eq_ignore_ascii_case("utf-8") => {
                    let name = short(&name);
                    Err(self.refused(format!(
                        "encodage « {name} » refusé : l'échange du SNE est en UTF-8, réenregistrez-le ainsi"
                    )))
                }
                Some(Err(_)) => Err(self.refused("déclaration XML illisible")),
                _ => Ok(Some(None)),
            },
            Event::Eof => match self.open.last() {
                Some(open) => {
                    let name = open.name.clone();
                    Err(self.refused(format!("document coupé : l'élément « {name} » n'est pas fermé")))
                }
                None if !self.seen_root => Err(self.refused("document vide")),
                None if self.told.demands == 0 => {
                    Err(self.refused("aucune demande (élément « demandeLogement ») dans ce fichier"))
                }
                None => Ok(None),
            },
        }
    }

    fn said(&mut self, text: &str) -> Result<Option<Passed>, ExchangeError> {
        if self.open.is_empty() && !text.trim_matches(['\u{feff}', ' ', '\n', '\r', '\t']).is_empty() {
            return Err(self.refused("texte hors de tout élément : le document est abîmé"));
        }
        if !self.wanted.is_empty() {
            self.text.push_str(text);
            if self.text.len() > self.exchange.bornes.element {
                return Err(self.refused(self.too_long()));
            }
        }
        Ok(Some(None))
    }

    fn too_long(&self) -> String {
        format!("élément de plus de {} octets", self.exchange.bornes.element)
    }

    fn start(&mut self, space: Space, e: &BytesStart<'_>) -> Result<(), ExchangeError> {
        let name = short(e.local_name().as_ref());
        if self.open.is_empty() {
            self.root(space, &name, e)?;
        }
        if self.open.len() >= self.exchange.bornes.profondeur {
            let most = self.exchange.bornes.profondeur;
            return Err(self.refused(format!("plus de {most} éléments emboîtés")));
        }
        let before = self.trail.len();
        self.text.clear();
        self.wanted.clear();
        let begins = self.demand.is_none() && space == Space::Sne && name == DEMAND;
        if begins {
            let (line, _) = self.reader.get_mut().place();
            self.demand = Some((line, Demand::new(self.registre)));
            self.trail.clear();
        }
        self.open.push(Open { space, name: name.clone(), before });
        if begins {
            return self.code(e);
        }
        if self.demand.is_none() {
            self.entete();
            return self.code(e);
        }
        // An element of another namespace has no path of ours, nor has what it holds.
        self.trail.push_str(match (space, self.trail.is_empty()) {
            (Space::Sne, true) => "",
            (Space::Sne, false) => "/",
            (Space::Complement, _) => "+",
            (Space::Other, _) => "?",
        });
        self.trail.push_str(&name);
        self.wanted = self.sought();
        if let Some((_, d)) = &mut self.demand {
            d.begin(&self.trail);
        }
        self.code(e)
    }

    /// What the element at hand is read for.
    fn sought(&mut self) -> Vec<Wanted> {
        if let Some(column) = self.trail.strip_prefix("+complement+") {
            let at = self.registre.colonnes.iter().position(|c| c.nom == column);
            return at
                .map(|at| Wanted::Column(at, crate::reference::echange::Forme::Texte))
                .into_iter()
                .collect();
        }
        self.paths.wanted(&self.trail)
    }

    fn entete(&mut self) {
        // Only the names of the header matter; their text is read at their end.
        let names: Vec<&str> = self.open.iter().map(|o| o.name.as_str()).collect();
        if matches!(names[..], [ROOT, "entete", "dateFichier" | "typeFichier"]) {
            self.wanted.push(Wanted::Birth);
        }
    }

    fn root(&mut self, space: Space, name: &str, e: &BytesStart<'_>) -> Result<(), ExchangeError> {
        if self.seen_root {
            return Err(self.refused("second élément racine : le document est abîmé"));
        }
        self.seen_root = true;
        if space != Space::Sne || name != ROOT {
            return Err(self.refused(format!(
                "l'élément racine est « {name} » : un échange du SNE commence par « {ROOT} » (espace de noms {})",
                self.exchange.espace
            )));
        }
        let version = self.attribute(e, "versionInterface")?.unwrap_or_default();
        if !self.exchange.versions.contains(&version) {
            return Err(self.refused(format!(
                "version « {} » de l'échange inconnue ; versions lues : {}",
                short(&version),
                self.exchange.versions.join(", ")
            )));
        }
        self.told.version = version;
        Ok(())
    }

    /// The attribute `code`, where it is what the element is read for. Attributes of all elements are
    /// checked.
    fn code(&mut self, e: &BytesStart<'_>) -> Result<(), ExchangeError> {
        let code = self.attribute(e, "code")?;
        let deducts = self.exchange.deduire_versees;
        let wanted: Vec<Wanted> = self.wanted.iter().copied().filter(|w| w.is_code()).collect();
        if let (Some(code), Some((_, d))) = (code, &mut self.demand) {
            for w in wanted {
                d.take(w, &code, deducts);
            }
        }
        Ok(())
    }

    fn attribute(&mut self, e: &BytesStart<'_>, name: &str) -> Result<Option<String>, ExchangeError> {
        let mut found = None;
        for a in e.attributes() {
            let a = match a {
                Ok(a) => a,
                Err(e) => return Err(self.refused(format!("attribut abîmé ({e})"))),
            };
            match a.normalized_value(quick_xml::XmlVersion::Explicit1_0) {
                Ok(v) if a.key.as_ref() == name => found = Some(v.into_owned()),
                Ok(_) => {}
                Err(e) => return Err(self.fault(&e)),
            }
        }
        Ok(found)
    }

    fn end(&mut self) -> Result<Passed, ExchangeError> {
        let Some(closed) = self.open.pop() else {
            return Err(self.refused("balise fermante sans élément ouvert"));
        };
        let text = std::mem::take(&mut self.text);
        let wanted = std::mem::take(&mut self.wanted);
        if self.demand.is_none() {
            if !wanted.is_empty() {
                self.header(&closed.name, text.trim())?;
            }
            return Ok(None);
        }
        if closed.space == Space::Sne && closed.name == DEMAND && self.trail.is_empty() {
            self.trail.clear();
            self.told.demands += 1;
            let row = self.demand.take().map(|(line, d)| (line, d.row(self.registre, self.extrait)));
            return Ok(row);
        }
        self.close(&closed, &wanted, &text)?;
        self.trail.truncate(closed.before);
        self.text = text;
        self.text.clear();
        Ok(None)
    }

    fn close(&mut self, closed: &Open, wanted: &[Wanted], text: &str) -> Result<(), ExchangeError> {
        let complement = self.trail.starts_with("+complement+");
        let Some((_, d)) = &mut self.demand else { return Ok(()) };
        for w in wanted.iter().filter(|w| !w.is_code()) {
            match w {
                Wanted::Column(at, _) if complement => d.add(*at, text),
                w => d.take(*w, text, self.exchange.deduire_versees),
            }
        }
        if d.held > self.exchange.bornes.demande {
            let most = self.exchange.bornes.demande;
            return Err(self.refused(format!("demande de plus de {most} octets de valeurs")));
        }
        if self.paths.wanted(&self.trail).is_empty()
            && !complement
            && !text_holder(&self.trail)
            && (self.told.unread.len() < NAMES || self.told.unread.contains_key(&closed.name))
        {
            *self.told.unread.entry(closed.name.clone()).or_default() += 1;
        }
        Ok(())
    }

    fn header(&mut self, name: &str, text: &str) -> Result<(), ExchangeError> {
        if name == "dateFichier" {
            self.told.day = day(text);
            self.header = true;
        } else if self.exchange.types_refuses.iter().any(|t| t == text) {
            return Err(self.refused(format!(
                "fichier de type « {} » : il n'apporte pas de demande à jour ; importez une extraction",
                short(text)
            )));
        }
        Ok(())
    }

    fn fault(&mut self, e: &Error) -> ExchangeError {
        let why = match e {
            Error::Io(io) => match io.get_ref().and_then(|e| e.downcast_ref::<Budget>()) {
                Some(Budget::Piece) => self.too_long(),
                Some(Budget::Whole) => "document trop long, une fois décompressé".to_owned(),
                None => format!("archive gzip coupée ou abîmée, ou lecture impossible ({io})"),
            },
            Error::Encoding(_) => {
                "octets qui ne sont pas de l'UTF-8 : l'échange du SNE est en UTF-8".to_owned()
            }
            Error::Escape(EscapeError::UnrecognizedEntity(_, name)) => {
                format!("entité « &{}; » refusée : un échange n'en déclare aucune", short(name))
            }
            Error::Syntax(_) => "document coupé ou abîmé : une balise n'est pas fermée".to_owned(),
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                format!("document abîmé : « </{}> » attendu, « </{}> » trouvé", short(expected), short(found))
            }
            other => format!("document XML abîmé ({other})"),
        };
        self.refused(why)
    }
}

/// Elements that only hold others: they are not told as unread.
fn text_holder(trail: &str) -> bool {
    let name = trail.rsplit(['/', '+', '?']).next().unwrap_or_default();
    name.starts_with("liste")
        || matches!(
            name,
            "personnePhysique"
                | "demandeur"
                | "cotitulaire"
                | "personneACharge"
                | "personneANaitre"
                | "personneEnGarde"
                | "adressePostale"
                | "situationProfessionnelle"
                | "revenuFiscal"
                | "detailRessource"
                | "logementActuel"
                | "logementRecherche"
                | "localisationSouhaite"
                | "complement"
        )
}

/// A name that a message may show.
fn short(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')).take(60).collect()
}

/// The sign that `&amp;` or `&#233;` stands for.
fn sign(e: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = e.resolve_char_ref() {
        return Some(c);
    }
    Some(match &*e.borrow().into_inner() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}
