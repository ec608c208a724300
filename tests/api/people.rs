//! One account of each role, inside and outside the territory of the world.

use std::collections::BTreeMap;

use mosaique::reference::access::{Class, Donnees, Role};
use mosaique::state::{NewAccount, NewConvention, Passwords, State, now};

/// Who: name, role, code of the organisation, whether the convention over the first EPCI names it.
pub const PEOPLE: [(&str, Role, &str, bool); 14] = [
    ("administrateur", Role::Administrateur, "", false),
    ("bailleur", Role::Bailleur, "300000000", false),
    ("bailleur ailleurs", Role::Bailleur, "399999999", false),
    ("epci", Role::Epci, "200000001", true),
    ("epci sans convention", Role::Epci, "200000002", false),
    ("commune", Role::Commune, "73901", true),
    ("commune ailleurs", Role::Commune, "01004", false),
    ("ddets", Role::Ddets, "73", false),
    ("ddets ailleurs", Role::Ddets, "01", false),
    ("dreal", Role::Dreal, "84", false),
    ("dreal ailleurs", Role::Dreal, "11", false),
    ("action logement", Role::ActionLogement, "", false),
    ("agence", Role::Agence, "400000000", true),
    ("agence sans convention", Role::Agence, "400000001", false),
];

pub const PASSWORD: &str = "Correct cheval pile agrafe 9";

/// Accounts and a token of each.
pub struct People {
    tokens: BTreeMap<&'static str, String>,
    pub accounts: BTreeMap<&'static str, String>,
    pub organisations: BTreeMap<&'static str, String>,
}

/// E-mail address of a person.
pub fn courriel(who: &str) -> String {
    format!("{}@exemple.fr", who.replace(' ', "-"))
}

impl People {
    pub async fn new(state: &State) -> Self {
        let hash = Passwords::new().unwrap().hash(PASSWORD.into()).await.unwrap();
        let (mut tokens, mut accounts, mut organisations) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut parties = Vec::new();
        for (who, role, code, party) in PEOPLE {
            let organisation = state.add_organisation(role, code, who, now()).await.unwrap();
            let new = NewAccount {
                courriel: &courriel(who),
                nom: who,
                organisation: &organisation,
                gestionnaire: true,
                mot_de_passe: &hash,
            };
            let compte = state.add_account(&new, now()).await.unwrap();
            state.set_password(&compte, &hash, None, None).await.unwrap();
            tokens.insert(who, state.add_token(&compte, "essai", false, 1, now()).await.unwrap().secret);
            if party {
                parties.push(organisation.clone());
            }
            accounts.insert(who, compte);
            organisations.insert(who, organisation);
        }
        let convention = NewConvention {
            titre: "Convention".into(),
            territoire: vec!["epci:200000001".into()],
            classes: vec![Class::Fine, Class::Zone, Class::Proche],
            donnees: vec![Donnees::Rpls, Donnees::Ops],
            du: "2020-01-01".into(),
            au: "2100-01-01".into(),
            parties,
        };
        state.add_convention(&convention, now()).await.unwrap();
        Self { tokens, accounts, organisations }
    }

    /// Header of a person's requests.
    pub fn bearer(&self, who: &str) -> String {
        format!("Bearer {}", self.tokens[who])
    }
}

/// Header of one member of an agency that is made for it.
pub async fn bearer(state: &State) -> String {
    let organisation = state.add_organisation(Role::Agence, "400000002", "agence", now()).await.unwrap();
    let hash = Passwords::new().unwrap().hash(PASSWORD.into()).await.unwrap();
    let new = NewAccount {
        courriel: "agence@exemple.fr",
        nom: "agence",
        organisation: &organisation,
        gestionnaire: false,
        mot_de_passe: &hash,
    };
    let compte = state.add_account(&new, now()).await.unwrap();
    state.set_password(&compte, &hash, None, None).await.unwrap();
    format!("Bearer {}", state.add_token(&compte, "essai", true, 1, now()).await.unwrap().secret)
}
