// The form of one check and its answer. Nothing of a household goes into the address of the page, nor into the browser's storage.
import { api, messageOf, read, type Controle, type DemandeControle, type ListesControle } from '../../api/client';
import { readField } from './words';

export const WAYS = [
  { id: 'rpls', name: 'N° RPLS' },
  { id: 'interne', name: 'N° bailleur' },
  { id: 'adresse', name: 'Adresse' },
  { id: 'point', name: 'Point' },
] as const;
export type Way = (typeof WAYS)[number]['id'];

const EMPTY = {
  date: '', ident_rep: '', bailleur_siren: '', ident_int: '', depcom: '', adresse: '', lon: '', lat: '', typologie: '', financement: '',
  reservataire: '', mutation: false, premiere: false,
  revenu: '', revenu_par: 'mois' as 'mois' | 'uc', nb_personnes: '', nb_moins14: '', quartile: '', statut_dalo: '', accord_collectif: '',
  priorite: '', activite: '', relogement: '', pct_plafond: '', typologie_souhaitee: '', commune_souhaitee: '',
};
type Fields = typeof EMPTY;

const text = (value: string): string | null => value.trim() || null;

class Form {
  way = $state<Way>('rpls');
  fields = $state<Fields>({ ...EMPTY });
  listes = $state.raw<ListesControle | null>(null);
  answer = $state.raw<Controle | null>(null);
  error = $state<string | null>(null);
  busy = $state(false);

  async load(): Promise<void> {
    try {
      this.listes = await read(api.GET('/api/attributions/controle'));
      this.fields.date ||= this.listes.dernier_jour ?? '';
    } catch (fault) {
      this.error = messageOf(fault);
    }
  }

  /** The request, as the fields say it. */
  asked(): DemandeControle {
    const f = this.fields;
    const number = (name: string, value: string): number | null => {
      const n = readField(value);
      if (Number.isNaN(n)) throw new Error(`« ${value} » n’est pas un nombre (${name}).`);
      return n;
    };
    const by = (way: Way, value: string): string | null => (this.way === way ? text(value) : null);
    return {
      date: text(f.date),
      logement: {
        ident_rep: by('rpls', f.ident_rep), ident_int: by('interne', f.ident_int), adresse: by('adresse', f.adresse),
        bailleur_siren: text(f.bailleur_siren), depcom: by('adresse', f.depcom),
        lon: this.way === 'point' ? number('longitude', f.lon) : null, lat: this.way === 'point' ? number('latitude', f.lat) : null,
        typologie: text(f.typologie), financement: text(f.financement),
      },
      menage: {
        ...(f.revenu_par === 'mois' ? { ressources_mensuelles: number('ressources', f.revenu) } : { revenu_uc: number('revenu', f.revenu) }),
        nb_personnes: number('nombre de personnes', f.nb_personnes), nb_moins14: number('moins de 14 ans', f.nb_moins14),
        quartile: number('quartile', f.quartile), statut_dalo: text(f.statut_dalo), accord_collectif: text(f.accord_collectif),
        priorite_l441_1: text(f.priorite), activite: text(f.activite), relogement: text(f.relogement),
        pct_plafond: number('% du plafond', f.pct_plafond), typologie_souhaitee: text(f.typologie_souhaitee), commune_souhaitee: text(f.commune_souhaitee),
      },
      reservataire: text(f.reservataire), mutation: f.mutation, premiere_mise_en_location: f.premiere,
    };
  }

  async check(): Promise<void> {
    this.busy = true;
    this.error = null;
    try {
      this.answer = await read(api.POST('/api/attributions/controle', { body: this.asked() }));
    } catch (fault) {
      this.answer = null;
      this.error = messageOf(fault);
    } finally {
      this.busy = false;
    }
  }

  /** Fills the form with a line of a commission, and checks it. */
  async open(d: DemandeControle): Promise<void> {
    const { logement: l, menage: m = {} } = d;
    const s = (value: string | number | null | undefined): string => (value === null || value === undefined ? '' : String(value).replace('.', ','));
    this.way = l.ident_rep ? 'rpls' : l.ident_int ? 'interne' : l.lon !== null && l.lon !== undefined ? 'point' : 'adresse';
    this.fields = {
      ...EMPTY,
      date: d.date ?? this.listes?.dernier_jour ?? '', ident_rep: s(l.ident_rep), bailleur_siren: s(l.bailleur_siren), ident_int: s(l.ident_int),
      depcom: s(l.depcom), adresse: s(l.adresse), lon: s(l.lon), lat: s(l.lat), typologie: s(l.typologie), financement: s(l.financement),
      reservataire: s(d.reservataire), mutation: d.mutation ?? false, premiere: d.premiere_mise_en_location ?? false,
      revenu: s(m.revenu_uc ?? m.ressources_mensuelles), revenu_par: m.revenu_uc === null || m.revenu_uc === undefined ? 'mois' : 'uc',
      nb_personnes: s(m.nb_personnes), nb_moins14: s(m.nb_moins14), quartile: s(m.quartile), statut_dalo: s(m.statut_dalo),
      accord_collectif: s(m.accord_collectif), priorite: s(m.priorite_l441_1), activite: s(m.activite), relogement: s(m.relogement),
      pct_plafond: s(m.pct_plafond), typologie_souhaitee: s(m.typologie_souhaitee), commune_souhaitee: s(m.commune_souhaitee),
    };
    // What the form does not show goes along with the line.
    this.busy = true;
    this.error = null;
    try {
      this.answer = await read(api.POST('/api/attributions/controle', { body: d }));
    } catch (fault) {
      this.answer = null;
      this.error = messageOf(fault);
    } finally {
      this.busy = false;
    }
  }

  clear(): void {
    this.fields = { ...EMPTY, date: this.listes?.dernier_jour ?? '' };
    this.answer = null;
    this.error = null;
  }
}

export const form = new Form();
