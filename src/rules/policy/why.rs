//! A verdict in a sentence, with the figures that it rests on. French: it is shown as it is.

use super::check::{Alone, Cause, Effect, Finding, Fit, above};
use super::counts::Niveau;
use super::dossier::{Facts, Resources};
use super::household::Quartile;
use super::mix::{Known, holds};
use crate::reference::controle::Verdict;
use crate::reference::generations::InForce;
use crate::reference::mix::{Criterion, Rule, Sense, Where};
use crate::territory::bands::Situation;

/// « 12 450 » (thin no-break spaces between thousands).
#[must_use]
pub fn number(n: u64) -> String {
    crate::french::thousands(n)
}

/// « 17,8 » from a share or percentage already in %.
#[must_use]
pub fn decimal(value: f64) -> String {
    crate::french::short(value, 1)
}

fn euros(value: f64) -> String {
    // Incomes are not negative.
    format!("{}\u{a0}€", number(value.round().max(0.0) as u64))
}

fn level(niveau: Niveau) -> &'static str {
    match niveau {
        Niveau::Epci => "pour l'intercommunalité",
        Niveau::Commune => "pour la commune",
        Niveau::Bailleur => "pour le bailleur",
        Niveau::Reservataire => "pour le réservataire",
        Niveau::BailleurDepartement => "pour le bailleur dans le département",
    }
}

/// Why a rule of social mix says what it says. `zone`: name of the EPCI that the threshold is of.
#[must_use]
pub fn finding(f: &Finding<'_>, facts: &Facts, zone: &str) -> String {
    match f.cause {
        Cause::Elsewhere => elsewhere(f.rule, facts),
        Cause::Place => match facts.placed {
            Some(p) if p.tolerance_m.is_finite() => format!(
                "Le logement est à {} m du bord d'un QPV, moins que la précision de sa localisation ({} m) : \
                    on ne sait pas dire s'il est en QPV.",
                decimal(p.metres.unwrap_or_default()),
                decimal(p.tolerance_m)
            ),
            _ => "La localisation du logement n'est pas assez précise pour dire s'il est en QPV.".to_owned(),
        },
        Cause::Reservataire => "Le réservataire n'est pas donné.".to_owned(),
        Cause::NotBound => format!(
            "Non soumis : l'arrêté des seuils de l'année ne liste pas {zone}. Cette règle ne lie que les EPCI tenus d'avoir un PLH, ou compétents en habitat \
             avec un QPV, les EPT et Paris."
        ),
        Cause::NotEstablished => format!(
            "{} On ne sait pas dire si {zone} est soumis à cette règle : aucun arrêté des seuils chargé ni aucune liste ne le dit.",
            household(f.rule, facts, zone)
        ),
        Cause::Mutation => "C'est une mutation de genre inconnu : interne au parc du bailleur, elle est hors du flux ; sinon elle y est.".to_owned(),
        Cause::Income => match (facts.income, facts.threshold) {
            (None, _) => {
                "Le revenu du ménage n'est pas connu : il compterait au dénominateur seulement.".to_owned()
            }
            (Some(_), None) => {
                format!("Aucun seuil du premier quartile n'est chargé pour {zone} et cette année.")
            }
            (Some(_), Some(_)) => {
                "Un revenu nul peut être un revenu non déclaré : on ne sait pas dire le quartile.".to_owned()
            }
        },
        Cause::Secret => {
            format!(
                "{} Les chiffres déjà signés sont secrets ou ne vous sont pas ouverts : l'effet ne peut pas \
                    être dit.",
                household(f.rule, facts, zone)
            )
        }
        Cause::NoLease => format!(
            "{} Aucun bail de {} n'est chargé : l'effet sur la part de l'année ne se mesure pas.",
            household(f.rule, facts, zone),
            facts.lease.year()
        ),
        Cause::Counts | Cause::DoesNotCount => {
            let mut words = household(f.rule, facts, zone);
            words.push(' ');
            words.push_str(match (f.cause, f.rule.sens) {
                (Cause::Counts, Sense::Minimum) => "L'attribution compte pour l'objectif.",
                (_, Sense::Minimum) => "L'attribution ne compte pas pour l'objectif.",
                (Cause::Counts, Sense::Maximum) => "L'attribution compte dans la part plafonnée.",
                (_, Sense::Maximum) => "L'attribution ne compte pas dans la part plafonnée.",
            });
            if let Some(effect) = telling(f) {
                words.push(' ');
                words.push_str(&consequence(f.rule, effect));
            }
            words
        }
    }
}

fn elsewhere(rule: &Rule, facts: &Facts) -> String {
    let lease = &facts.lease;
    if lease.bail < rule.debut || rule.fin.is_some_and(|end| lease.bail > end) {
        return "La règle n'est pas en vigueur à cette date.".to_owned();
    }
    if !rule.of.is_empty() && !rule.of.contains(&lease.reservataire) {
        return "La règle porte sur d'autres réservataires.".to_owned();
    }
    if let Some(c) = rule.exclus.iter().find(|c| holds(lease, **c) == Known::Yes) {
        let what = match c {
            Criterion::MutationInterne => "une mutation dans le parc du même bailleur",
            Criterion::PremiereLocation => "une première mise en location",
            _ => "un relogement",
        };
        return format!("C'est {what}, hors du flux.");
    }
    match rule.lieu {
        Where::HorsQpv if lease.whole => {
            "Tout le territoire est en quartier prioritaire : la règle n'y a pas d'objet.".to_owned()
        }
        Where::Qpv => "Le logement est hors QPV.".to_owned(),
        _ => "Le logement est en QPV.".to_owned(),
    }
}

/// What of the household the rule looks at.
fn household(rule: &Rule, facts: &Facts, zone: &str) -> String {
    let lease = &facts.lease;
    let has = |c: Criterion| rule.compte.contains(&c);
    if has(Criterion::Anru) && lease.relocation == 2 {
        return "Le ménage est relogé au titre du renouvellement urbain (ANRU).".to_owned();
    }
    if has(Criterion::Orcod) && lease.relocation == 3 {
        return "Le ménage est relogé d'une copropriété dégradée (ORCOD).".to_owned();
    }
    if has(Criterion::Q1) || has(Criterion::AutresQuartiles) {
        return income(facts, zone);
    }
    if has(Criterion::Dalo) {
        return match (lease.dalo, lease.priority) {
            (true, _) => "Le ménage est reconnu prioritaire au titre du DALO.".to_owned(),
            (false, true) => "Le ménage est prioritaire (article L.441-1 ou accord collectif).".to_owned(),
            (false, false) => "Le ménage n'est ni DALO ni prioritaire.".to_owned(),
        };
    }
    match lease.reservataire {
        1 => "Le logement est du contingent de l'État (publics prioritaires).".to_owned(),
        2 => "Le logement est du contingent de l'État (agents civils et militaires).".to_owned(),
        _ => "Le logement n'est pas du contingent de l'État.".to_owned(),
    }
}

fn income(facts: &Facts, zone: &str) -> String {
    let first = facts.lease.quartile == Quartile::First;
    let class = if first { "il est du premier quartile" } else { "il est d'un autre quartile" };
    match (facts.income, facts.threshold) {
        (Some(income), Some(t)) => {
            let compared = if first { "est inférieur au" } else { "n'est pas inférieur au" };
            let provisional = if t.provisional { ", provisoire" } else { "" };
            format!(
                "Le revenu par unité de consommation du ménage ({} par an) {compared} seuil du premier \
                    quartile ({}, {zone}, {}{provisional}) : {class}.",
                euros(income),
                euros(t.euros),
                t.year
            )
        }
        _ if first => "Le ménage est déclaré du premier quartile.".to_owned(),
        _ => "Le ménage est déclaré d'un autre quartile que le premier.".to_owned(),
    }
}

/// The effect that the verdict rests on: the first that is contrary, then the first that moves away, then the
/// widest shown.
fn telling<'f, 'a>(f: &'f Finding<'a>) -> Option<&'f Effect<'a>> {
    let shown = || f.effects.iter().filter(|e| e.scores.is_some());
    let gaps = |e: &&Effect<'_>| e.gaps(f.rule.sens).unwrap_or_default();
    match f.verdict {
        Verdict::Contraire => {
            shown().find(|e| gaps(e).1 > 0 && (gaps(e).0 == 0 || f.rule.sens == Sense::Maximum))
        }
        Verdict::Attention => shown().find(|e| gaps(e).1 > 0),
        _ => None,
    }
    .or_else(|| shown().next())
}

fn consequence(rule: &Rule, e: &Effect<'_>) -> String {
    let (Some((before, after)), Some((gap_before, gap_after))) = (e.scores, e.gaps(rule.sens)) else {
        return String::new();
    };
    let share = |s: super::mix::Score| {
        s.share().map_or_else(|| "aucun bail".to_owned(), |p| format!("{} %", decimal(p * 100.0)))
    };
    let target = format!("{} %", decimal(e.target.share * 100.0));
    let (wanted, lacking) = match rule.sens {
        Sense::Minimum => ("objectif", "manquantes"),
        Sense::Maximum => ("plafond", "de trop"),
    };
    let gaps = if gap_before == 0 && gap_after == 0 {
        format!("{wanted} de {target} respecté")
    } else {
        format!(
            "{wanted} de {target}, attributions {lacking} : {} → {}",
            number(gap_before.into()),
            number(gap_after.into())
        )
    };
    format!(
        "Part {} : {} sur {} ({}) → {} sur {} ({}), {gaps}.",
        level(e.niveau),
        number(before.numerator.into()),
        number(before.denominator.into()),
        share(before),
        number(after.numerator.into()),
        number(after.denominator.into()),
        share(after),
    )
}

/// Said of ceilings that are those of the year before.
fn of_year(facts: &Facts) -> String {
    match facts.resources {
        Resources::Computed { year, .. } if year != facts.lease.year() => format!(
            ", provisoirement : plafonds de {year}, ceux de {} ne sont pas chargés (mosaique import plafonds)",
            facts.lease.year()
        ),
        _ => String::new(),
    }
}

/// Resources with as many decimals as tell them from a ceiling that they pass.
fn beside(pct: f64, most: f64) -> String {
    if above(pct, most) && decimal(pct) == decimal(most) {
        crate::french::short(pct, 2)
    } else {
        decimal(pct)
    }
}

/// Why a rule about one allocation alone says what it says.
#[must_use]
pub fn alone(a: &Alone, facts: &Facts) -> String {
    match a.fit {
        Fit::Missing(what) => format!("On ne peut pas dire : {what}."),
        Fit::Spread { least, most, ceiling } => {
            let admits = if ceiling.least == ceiling.most {
                format!("{} %", decimal(ceiling.most))
            } else {
                format!("de {} à {} %", decimal(ceiling.least), decimal(ceiling.most))
            };
            let sure = !above(most, ceiling.least) || above(least, ceiling.most);
            let said = if least > 0.0 {
                format!("de {} à {} %", decimal(least), decimal(most))
            } else {
                format!("à {} % au plus", decimal(most))
            };
            let asked = match (sure, facts.size.persons) {
                (true, _) => "",
                (false, None) => " : donnez « nb_personnes » ou « cat_plafond »",
                (false, Some(_)) => " : donnez « cat_plafond », ou l'âge et les personnes à charge",
            };
            format!(
                "Ressources {said} du plafond {} selon la catégorie du ménage{} ; le financement du logement en admet {admits} \
                 au plus{asked}.",
                facts.plafond(),
                of_year(facts)
            )
        }
        Fit::Ceiling { pct, ceiling } => format!(
            "Ressources à {} % du plafond {}{}{} ; le financement du logement en admet {} % au plus.",
            beside(pct, ceiling.most),
            facts.plafond(),
            facts.size.rank().map_or_else(String::new, |r| format!(" (catégorie {})", r.min(6))),
            of_year(facts),
            decimal(if above(pct, ceiling.least) { ceiling.most } else { ceiling.least })
        ),
        Fit::Category { pct, ceiling } => format!(
            "Ressources à {} % du plafond {} ; selon la catégorie du ménage, le financement du logement en admet {} à {} % : donnez « cat_plafond ».",
            decimal(pct),
            facts.plafond(),
            decimal(ceiling.least),
            decimal(ceiling.most)
        ),
        Fit::Size { persons, rooms, range, surface, least } => {
            let known = if surface == 0 {
                String::new()
            } else {
                format!(", {surface} m² pour {least} m² au moins")
            };
            let plural = if persons > 1 { "s" } else { "" };
            format!(
                "{persons} personne{plural} dans un T{rooms}{known} ; pièces usuelles : de {} à {}.",
                range.0, range.1
            )
        }
        Fit::NotDalo => "Le ménage n'est pas reconnu au titre du DALO.".to_owned(),
        Fit::Before => "La circulaire est postérieure à cette date.".to_owned(),
        Fit::OutOfQpv => "Le ménage DALO serait logé hors QPV.".to_owned(),
        Fit::Dalo { precarious: false } => {
            "Le logement est en QPV ; le ménage DALO n'est pas en situation précaire.".to_owned()
        }
        Fit::Dalo { precarious: true } => {
            let why = if facts.lease.quartile == Quartile::First {
                "revenu du premier quartile"
            } else {
                "emploi non stable"
            };
            format!(
                "Le logement est en QPV et le ménage DALO est en situation précaire ({why}) : le placement \
                    est à justifier."
            )
        }
    }
}

/// Where the dwelling is, to a QPV.
#[must_use]
pub fn place(facts: &Facts, now: InForce, qpv: Option<&str>) -> String {
    if let Some(whole) = now.whole {
        return format!("En QPV : {} l'est ({}).", whole.libelle, whole.source);
    }
    let Some(p) = facts.placed else {
        return "Le logement n'est pas localisé assez précisément pour dire s'il est en QPV.".to_owned();
    };
    let near = p
        .metres
        .map_or_else(|| "à plus de 2 km de tout bord".to_owned(), |m| format!("à {} m du bord", decimal(m)));
    match (p.situation, qpv) {
        (Situation::Dedans, name) => format!("En QPV ({}), {near}.", name.unwrap_or("sans nom")),
        (Situation::Dehors, _) => format!("Hors QPV, {near}."),
        (Situation::Incertain, _) => {
            format!("Incertain : {near}, moins que la précision de la localisation.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_french_readers_do() {
        assert_eq!(
            [number(7), number(1_234), number(1_234_567)].join(" "),
            "7 1\u{202f}234 1\u{202f}234\u{202f}567"
        );
        assert_eq!([decimal(25.0), decimal(17.84), decimal(0.0)], ["25", "17,8", "0"]);
    }
}
