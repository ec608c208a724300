//! Files of what is agreed: conventions, rights (état des lieux), yearly bases.

use std::collections::BTreeMap;

use crate::desk::flux::files::{Filed, Refused, Row, bounded, some, word};
use crate::flow::convention::{ConventionFlux, DelegationFlux, Echeance, Gestion, ObjectifsAl};
use crate::flow::rights::Droit;
use crate::flow::year::{Assiette, Passee};
use crate::french::cell;
use crate::publish::csv_file::inert;

impl Filed for ConventionFlux {
    const NAME: &'static str = "conventions";
    const COLUMNS: &'static [&'static str] = &[
        "bailleur",
        "reservataire",
        "departement",
        "document",
        "statut",
        "signee",
        "denoncee",
        "du",
        "au",
        "avenant",
        "decompte",
        "part",
        "minimum",
        "maximum",
        "delai",
        "delai_neuf",
        "delais",
        "echeance",
        "gestion",
        "delegations",
        "garantie",
        "al_placements",
        "al_offres",
        "al_partenariat",
        "al_hors_flux",
        "communes_autrement",
        "qpv_autrement",
    ];
    const NEEDED: &'static [&'static str] =
        &["bailleur", "reservataire", "departement", "statut", "du", "decompte", "part"];

    fn of_row(r: &Row<'_>) -> Result<Self, Refused> {
        let delais = r.list("delais", "T1=20|T5+=45, la typologie et ses jours", |t| {
            let (typologie, days) = t.split_once('=')?;
            Some((typologie.trim().to_owned(), days.trim().parse().ok()?))
        })?;
        let how = "73065=60|73008=40:3:11, la commune, sa part en %, au besoin ses bornes";
        let delegations = r.list("delegations", how, delegation)?;
        let c = Self {
            bailleur: r.siren()?,
            reservataire: r.reservataire("reservataire")?,
            departement: r.needed("departement")?,
            document: r.text("document").to_owned(),
            statut: r.word("statut", "projet, signee, denoncee, arrete, a_defaut ou retiree")?,
            signee: r.day("signee")?,
            du: r.count("du")?,
            au: r.number("au")?,
            decompte: r.word("decompte", "orientation, caleol ou bail")?,
            part: bounded("part", r.count("part")?, 100.0, "Une part est un pourcentage, de 0 à 100.")?,
            minimum: r.number("minimum")?.unwrap_or(0),
            maximum: r.number("maximum")?,
            delai: r.number("delai")?.unwrap_or(30),
            delai_neuf: r.number("delai_neuf")?.unwrap_or(60),
            echeance: match r.text("echeance") {
                "" => Echeance::RetourBailleur,
                _ => r.word("echeance", "retour_bailleur ou autre_reservataire")?,
            },
            gestion: match r.text("gestion") {
                "" => Gestion::Directe,
                _ => r.word("gestion", "directe, deleguee ou partagee")?,
            },
            garantie: r.flag("garantie")?.unwrap_or(false),
            denoncee: r.day("denoncee")?,
            avenant: r.text("avenant").to_owned(),
            delais: BTreeMap::from_iter(delais),
            delegations,
            action_logement: ObjectifsAl {
                placements: r.number("al_placements")?,
                offres: r.number("al_offres")?,
                partenariat: r.number("al_partenariat")?,
                hors_flux: r.number("al_hors_flux")?,
            },
            communes_autrement: r.flag("communes_autrement")?.unwrap_or(false),
            qpv_autrement: r.flag("qpv_autrement")?.unwrap_or(false),
        };
        let told = c.check();
        r.sound(c, told)
    }

    fn cells(&self) -> Vec<String> {
        let days: Vec<String> = self.delais.iter().map(|(t, d)| format!("{t}={d}")).collect();
        let to = |d: &DelegationFlux| {
            let bounds = if d.minimum > 0 || d.maximum.is_some() {
                format!(":{}:{}", d.minimum, some(d.maximum))
            } else {
                String::new()
            };
            format!("{}={}{bounds}", d.commune, cell(d.part))
        };
        let to: Vec<String> = self.delegations.iter().map(to).collect();
        let (al, flag) = (&self.action_logement, |b: bool| u8::from(b).to_string());
        vec![
            self.bailleur.clone(),
            self.reservataire.clone(),
            self.departement.clone(),
            inert(&self.document),
            word(&self.statut),
            self.signee.clone().unwrap_or_default(),
            self.denoncee.clone().unwrap_or_default(),
            self.du.to_string(),
            some(self.au),
            inert(&self.avenant),
            word(&self.decompte),
            cell(self.part),
            self.minimum.to_string(),
            some(self.maximum),
            self.delai.to_string(),
            self.delai_neuf.to_string(),
            days.join("|"),
            word(&self.echeance),
            word(&self.gestion),
            to.join("|"),
            flag(self.garantie),
            some(al.placements),
            some(al.offres),
            al.partenariat.map(cell).unwrap_or_default(),
            some(al.hors_flux),
            flag(self.communes_autrement),
            flag(self.qpv_autrement),
        ]
    }

    fn place(&self) -> (&str, &str) {
        (&self.bailleur, &self.departement)
    }
}

/// `73065=60` or `73065=60:3:11`.
fn delegation(text: &str) -> Option<DelegationFlux> {
    let (commune, rest) = text.split_once('=')?;
    let mut parts = rest.split(':').map(str::trim);
    let part = parts.next()?.replace(',', ".").parse().ok()?;
    let mut bound = || parts.next().filter(|t| !t.is_empty()).map(|t| t.parse::<u32>().ok());
    let (minimum, maximum) = (bound(), bound());
    let commune = commune.trim().to_owned();
    Some(DelegationFlux {
        commune: Some(commune).filter(|c| c.len() == 5)?,
        part,
        minimum: minimum.unwrap_or(Some(0))?,
        maximum: match maximum {
            None => None,
            Some(m) => Some(m?),
        },
    })
}

impl Filed for Assiette {
    const NAME: &'static str = "assiettes";
    const COLUMNS: &'static [&'static str] = &[
        "bailleur",
        "departement",
        "commune",
        "annee",
        "stock",
        "relocations_1",
        "relocations_2",
        "relocations_3",
        "stock_1",
        "stock_2",
        "stock_3",
        "taux",
        "mutations",
        "anru",
        "orcod",
        "insalubrite",
        "vente",
    ];
    const NEEDED: &'static [&'static str] = &["bailleur", "departement", "annee", "stock"];

    fn of_row(r: &Row<'_>) -> Result<Self, Refused> {
        let (annee, stock): (u16, u32) = (r.count("annee")?, r.count("stock")?);
        let mut passees = Vec::new();
        let columns =
            [("relocations_1", "stock_1"), ("relocations_2", "stock_2"), ("relocations_3", "stock_3")];
        for (back, (lets, had)) in (1u16..).zip(columns) {
            if let Some(relocations) = r.number(lets)? {
                let stock = r.number(had)?.unwrap_or(stock);
                passees.push(Passee { annee: annee.saturating_sub(back), stock, relocations });
            }
        }
        let taux =
            r.number("taux")?.map(|t| bounded("taux", t, 100.0, "Un taux est un pourcentage, de 0 à 100."));
        let a = Self {
            bailleur: r.siren()?,
            departement: r.needed("departement")?,
            commune: r.text("commune").to_owned(),
            annee,
            stock,
            passees,
            taux: taux.transpose()?,
            mutations: r.number("mutations")?.unwrap_or(0),
            anru: r.number("anru")?.unwrap_or(0),
            orcod: r.number("orcod")?.unwrap_or(0),
            insalubrite: r.number("insalubrite")?.unwrap_or(0),
            vente: r.number("vente")?.unwrap_or(0),
        };
        let told = a.check();
        r.sound(a, told)
    }

    fn cells(&self) -> Vec<String> {
        let past = |back: u16| self.passees.iter().find(|p| p.annee + back == self.annee);
        let mut out = vec![
            self.bailleur.clone(),
            self.departement.clone(),
            self.commune.clone(),
            self.annee.to_string(),
            self.stock.to_string(),
        ];
        out.extend([1, 2, 3].map(|b| some(past(b).map(|p| p.relocations))));
        out.extend([1, 2, 3].map(|b| some(past(b).map(|p| p.stock))));
        out.push(self.taux.map(cell).unwrap_or_default());
        out.extend(
            [self.mutations, self.anru, self.orcod, self.insalubrite, self.vente].map(|n| n.to_string()),
        );
        out
    }

    fn place(&self) -> (&str, &str) {
        (&self.bailleur, &self.departement)
    }
}

impl Filed for Droit {
    const NAME: &'static str = "droits";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "bailleur",
        "reservataire",
        "departement",
        "commune",
        "origine",
        "programme",
        "adresse",
        "livraison",
        "logements",
        "financement",
        "nombre",
        "nature",
        "du",
        "au",
        "delegataire",
        "acte",
        "retire",
    ];
    const NEEDED: &'static [&'static str] =
        &["id", "bailleur", "reservataire", "departement", "commune", "nombre", "nature", "du"];

    fn of_row(r: &Row<'_>) -> Result<Self, Refused> {
        let d = Self {
            id: r.needed("id")?,
            bailleur: r.siren()?,
            reservataire: r.reservataire("reservataire")?,
            departement: r.needed("departement")?,
            commune: r.needed("commune")?,
            origine: r.text("origine").to_owned(),
            programme: r.text("programme").to_owned(),
            nombre: r.count("nombre")?,
            nature: r.word("nature", "designation_unique ou droit_de_suite")?,
            du: r.count("du")?,
            au: r.number("au")?,
            delegataire: match r.text("delegataire") {
                "" => String::new(),
                _ => r.reservataire("delegataire")?,
            },
            adresse: r.text("adresse").to_owned(),
            livraison: r.number("livraison")?,
            logements: r.number("logements")?,
            financement: r.text("financement").to_owned(),
            acte: r.text("acte").to_owned(),
            retire: r.flag("retire")?.unwrap_or(false),
        };
        let told = d.check();
        r.sound(d, told)
    }

    fn cells(&self) -> Vec<String> {
        vec![
            inert(&self.id),
            self.bailleur.clone(),
            self.reservataire.clone(),
            self.departement.clone(),
            self.commune.clone(),
            inert(&self.origine),
            inert(&self.programme),
            inert(&self.adresse),
            some(self.livraison),
            some(self.logements),
            inert(&self.financement),
            self.nombre.to_string(),
            word(&self.nature),
            self.du.to_string(),
            some(self.au),
            self.delegataire.clone(),
            inert(&self.acte),
            u8::from(self.retire).to_string(),
        ]
    }

    fn place(&self) -> (&str, &str) {
        (&self.bailleur, &self.departement)
    }
}
