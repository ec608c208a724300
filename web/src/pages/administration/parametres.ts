// Values of parameters, as people read them and as they type them.

/** A day written yyyymmdd, as files of rules have it. */
const dayNumber = (n: number): string | null => {
  const [, year, month, date] = /^((?:19|20|21)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.exec(String(n)) ?? [];
  return year ? `${date}/${month}/${year}` : null;
};

/** 0.35 → « 0,35 », 26920 → « 26 920 », 20250813 → « 13/08/2025 (20250813) », true → « oui », a list with « ; ». */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '—';
  if (typeof value === 'boolean') return value ? 'oui' : 'non';
  if (typeof value === 'number') {
    const date = dayNumber(value);
    if (date) return `${date} (${value})`;
    return value.toLocaleString('fr-FR', { maximumFractionDigits: 12, useGrouping: Math.abs(value) >= 10_000 });
  }
  if (typeof value === 'string') return value || '(vide)';
  if (Array.isArray(value) && value.every((v) => typeof v !== 'object')) return value.map(shown).join(' ; ') || '(liste vide)';
  return JSON.stringify(value);
}

/** What a field to type in starts with. */
export function editable(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value).replace('.', ',');
  if (Array.isArray(value) && value.every((v) => typeof v !== 'object')) return value.map(editable).join(' ; ');
  return value === undefined || value === null ? '' : shown(value);
}

export type Typed = { valeur: unknown } | { erreur: string };

function number(text: string): number | null {
  const bare = text.replace(/[\s\u00a0\u202f€%]/g, '').replace(',', '.');
  return /^[+-]?\d+(\.\d+)?$/.test(bare) ? Number(bare) : null;
}

/** What was typed, as a value of the kind that the parameter has (`like`); of the kind that it looks like without one. */
export function typed(text: string, like?: unknown): Typed {
  const bare = text.trim();
  if (typeof like === 'number') {
    const n = number(bare);
    return n === null ? { erreur: `« ${bare} » n’est pas un nombre ; écrivez par exemple 0,35 ou 26 920.` } : { valeur: n };
  }
  if (typeof like === 'boolean') return { valeur: bare === 'oui' };
  if (typeof like === 'string') return bare ? { valeur: bare } : { erreur: 'Écrivez la valeur.' };
  if (Array.isArray(like) && like.every((v) => typeof v !== 'object')) {
    const parts = bare.split(';').map((p) => p.trim()).filter(Boolean).map((p) => typed(p, like[0]));
    const wrong = parts.find((p) => 'erreur' in p);
    return wrong ?? { valeur: parts.map((p) => ('valeur' in p ? p.valeur : null)) };
  }
  if (/^[[{]/.test(bare)) {
    try {
      return { valeur: JSON.parse(bare) as unknown };
    } catch {
      return { erreur: 'Cette valeur composée n’est pas du JSON lisible.' };
    }
  }
  if (!bare) return { erreur: 'Écrivez la valeur.' };
  const n = number(bare);
  if (n !== null) return { valeur: n };
  return { valeur: bare === 'oui' ? true : bare === 'non' ? false : bare };
}

/** Words of a file rather than figures: shown only when asked for. */
export const isText = (path: string): boolean => /(^|\.)(libelle|nom|source|article|note|definition|reference|texte|titre|unite)$/.test(path);
