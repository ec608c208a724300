//! The demands of [`super::demands`] once more, as the exchange of the SNE (02.01) would bring them: the same
//! households, with the names, phones and mails that a real one has and that nobody may keep.

use std::fmt::Write;

use super::demands::{HEADER, birthday};

/// Day of the file: that of the extract.
const DAY: &str = "2024-12-31T23:00:00.000+01:00";
/// Names that a test looks for in what is kept.
pub const NAMES: [&str; 4] = ["Zwingelstein", "Cunégonde", "0699887766", "cunegonde@exemple.fr"];
/// Columns that the exchange has no established element for.
const ADDED: [&str; 17] = [
    "date_renouvellement",
    "statut",
    "date_radiation",
    "motif_radiation",
    "motifs",
    "mutation",
    "statut_dalo",
    "accord_collectif",
    "priorite_l441_1",
    "relogement",
    "employeur",
    "date_entree_logement",
    "qpv_actuel",
    "handicap",
    "nb_refus",
    "date_dernier_refus",
    "justificatifs",
];

/// The document of all demands of `csv` (rows of [`HEADER`]).
#[must_use]
pub fn document(csv: &[u8]) -> String {
    let names: Vec<&str> = HEADER.trim_end().split(';').collect();
    let text = String::from_utf8_lossy(csv);
    let mut out = String::with_capacity(csv.len() * 16);
    let _ = write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<n:interfaceNuu xmlns:n=\"http://nuu.application.i2/\" \
         xmlns:m=\"urn:mosaique:demande:1\" versionInterface=\"02.01\">\n<n:entete><n:typeFichier>MOD\
         </n:typeFichier><n:dateFichier>{DAY}</n:dateFichier></n:entete>\n"
    );
    for line in text.lines() {
        let cells: Vec<&str> = line.split(';').collect();
        let row = Row { names: &names, cells: &cells };
        row.write(&mut out);
    }
    out.push_str("</n:interfaceNuu>\n");
    out
}

struct Row<'r> {
    names: &'r [&'r str],
    cells: &'r [&'r str],
}

impl Row<'_> {
    fn get(&self, name: &str) -> &str {
        let at = self.names.iter().position(|n| *n == name);
        at.and_then(|at| self.cells.get(at)).copied().unwrap_or_default()
    }

    fn number(&self, name: &str) -> i32 {
        self.get(name).parse().unwrap_or(0)
    }

    fn write(&self, out: &mut String) {
        let [name, first, phone, mail] = NAMES;
        let nud = self.get("nud");
        let _ = write!(out, "<n:demande><n:demandeLogement>\n<n:numUnique>{nud}</n:numUnique>");
        let _ = write!(out, "<n:numGuichet>84001</n:numGuichet>");
        leaf(out, "dateCreationDemande", self.get("date_depot"));
        out.push_str("<n:logementRecherche>");
        let wide = if self.get("demande_elargie") == "1" { "true" } else { "false" };
        leaf(out, "demandeElargie", wide);
        out.push_str("<n:listeTypeLogement>");
        for size in self.get("typologies").split('|').filter(|s| !s.is_empty()) {
            code(out, "typeLogement", size);
        }
        out.push_str("</n:listeTypeLogement><n:listeLocalisationSouhaite>");
        for town in self.get("communes_demandees").split('|') {
            out.push_str("<n:localisationSouhaite>");
            code(out, "commune", town);
            out.push_str("</n:localisationSouhaite>");
        }
        out.push_str(
            "</n:listeLocalisationSouhaite></n:logementRecherche>\n<n:personnePhysique><n:demandeur>",
        );
        let _ = write!(out, "<n:nom>{name}</n:nom><n:prenom>{first}</n:prenom>");
        leaf(out, "dateNaissance", self.get("date_naissance"));
        let _ = write!(out, "<n:telPortable>{phone}</n:telPortable><n:mel>{mail}</n:mel>");
        out.push_str("<n:adressePostale><n:numero>3</n:numero><n:voie>impasse des Zèbres</n:voie>");
        code(out, "commune", self.get("depcom_actuel"));
        out.push_str("</n:adressePostale><n:situationProfessionnelle>");
        code(out, "typeContratTravail", self.get("activite"));
        if !self.get("depcom_travail").is_empty() {
            code(out, "commune", self.get("depcom_travail"));
        }
        out.push_str("</n:situationProfessionnelle><n:revenuFiscal><n:anneeMoins2>2022</n:anneeMoins2>");
        leaf(out, "montantMoins2", self.get("rfr"));
        out.push_str("</n:revenuFiscal>");
        self.resources(out);
        out.push_str("</n:demandeur>\n");
        self.household(out);
        self.home(out);
        out.push_str("</n:personnePhysique>\n<m:complement>");
        for column in ADDED.iter().chain(&["criteres_locaux"]) {
            added(out, column, self.get(column));
        }
        // « T6P » says six rooms at the least.
        if self.number("pieces") > 5 {
            added(out, "pieces", self.get("pieces"));
        }
        out.push_str("</m:complement>\n</n:demandeLogement></n:demande>\n");
    }

    /// One detail a kind; the first has what the others leave.
    fn resources(&self, out: &mut String) {
        let total = self.get("ressources_mensuelles").parse::<f64>().ok();
        let kinds: Vec<&str> = self.get("ressources_natures").split('|').filter(|k| !k.is_empty()).collect();
        let aside = if total.is_some_and(|t| t >= 1_000.0) { 100.0 } else { 0.0 };
        out.push_str("<n:listeRessourceRecue>");
        for (i, kind) in kinds.iter().enumerate() {
            out.push_str("<n:detailRessource>");
            code(out, "ressource", kind);
            if let Some(total) = total {
                let others = aside * (kinds.len() - 1) as f64;
                let _ = write!(out, "<n:montant>{}</n:montant>", if i == 0 { total - others } else { aside });
            }
            out.push_str("</n:detailRessource>");
        }
        out.push_str("</n:listeRessourceRecue>");
    }

    /// Who lives with them: ages that give back the counts of the row.
    fn household(&self, out: &mut String) {
        let (nud, persons) = (self.get("nud"), self.number("nb_personnes"));
        let (under14, minors) = (self.number("nb_moins14"), self.number("nb_mineurs"));
        let mut births: Vec<i32> = (0..under14).map(|i| 2024 - (i % 13 + 1)).collect();
        births.extend((under14..minors).map(|i| 2024 - (15 + i % 3)));
        let mut shared = self.number("nb_garde_alternee");
        let mut adults = persons - 1 - minors;
        if self.get("cotitulaire") == "1" && adults > 0 {
            adults -= 1;
            out.push_str("<n:listeCotitulaire><n:cotitulaire><n:nom>Zwingelstein</n:nom>");
            leaf(out, "dateNaissance", &birthday(nud, 1985));
            out.push_str("</n:cotitulaire></n:listeCotitulaire>");
        }
        births.extend((0..adults).map(|i| 2024 - (19 + i)));
        let (mut dependants, mut alternating) = (String::new(), String::new());
        for year in births {
            let birth = birthday(nud, year);
            if shared > 0 && year > 2006 {
                shared -= 1;
                alternating.push_str("<n:personneEnGarde>");
                leaf(&mut alternating, "dateNaissance", &birth);
                code(&mut alternating, "coParentalite", "G");
                alternating.push_str("</n:personneEnGarde>");
            } else {
                dependants.push_str("<n:personneACharge><n:prenom>Cunégonde</n:prenom>");
                leaf(&mut dependants, "dateNaissance", &birth);
                dependants.push_str("</n:personneACharge>");
            }
        }
        let _ = write!(out, "<n:listePersonneACharge>{dependants}</n:listePersonneACharge>");
        let _ = write!(
            out,
            "<n:personneANaitre><n:nombre>{}</n:nombre></n:personneANaitre>",
            self.get("nb_a_naitre")
        );
        let _ = writeln!(out, "<n:listePersonneEnGarde>{alternating}</n:listePersonneEnGarde>");
    }

    fn home(&self, out: &mut String) {
        out.push_str("<n:logementActuel><n:listeModeleLogement>");
        code(out, "modeleLogement", self.get("mode_logement"));
        out.push_str("</n:listeModeleLogement>");
        leaf(out, "montantMensuelLoyer", self.get("loyer_charges"));
        match self.number("pieces") {
            0 => {}
            n if n < 6 => code(out, "typeLogementActuel", &format!("T{n}")),
            _ => code(out, "typeLogementActuel", "T6P"),
        }
        leaf(out, "surface", self.get("surface"));
        out.push_str("</n:logementActuel>\n");
    }
}

fn leaf(out: &mut String, name: &str, text: &str) {
    if !text.is_empty() {
        let _ = write!(out, "<n:{name}>{text}</n:{name}>");
    }
}

fn code(out: &mut String, name: &str, code: &str) {
    let _ = write!(out, "<n:{name} code=\"{code}\"/>");
}

fn added(out: &mut String, name: &str, text: &str) {
    if !text.is_empty() {
        let _ = write!(out, "<m:{name}>{text}</m:{name}>");
    }
}
