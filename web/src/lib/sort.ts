// Sorting of table columns: missing values last whichever the direction, names in French order.

export interface Sort {
  column: string;
  descending: boolean;
}

const french = new Intl.Collator('fr', { numeric: true, sensitivity: 'base' });

export function compare(a: string | number | null, b: string | number | null, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : french.compare(String(a), String(b));
  return descending ? -order : order;
}

/** A second click on a column turns it round; numbers begin with the largest. */
export function nextSort(current: Sort, column: string, numeric: boolean): Sort {
  return current.column === column ? { column, descending: !current.descending } : { column, descending: numeric };
}

/** Places from the largest value on; equal values share theirs, and the next one counts them all. */
export function rankOf(rows: readonly { code: string; valeur: number | null }[]): Map<string, number> {
  const sorted = rows.flatMap((r) => (r.valeur === null ? [] : [{ code: r.code, valeur: r.valeur }])).sort((a, b) => b.valeur - a.valeur);
  const ranks = new Map<string, number>();
  sorted.forEach((r, i) => {
    const before = sorted[i - 1];
    ranks.set(r.code, before?.valeur === r.valeur ? (ranks.get(before.code) ?? i) : i + 1);
  });
  return ranks;
}

const ADDRESS = /^\s*(\d*)\s*((?:bis|ter|quater|[a-z])(?=\s))?\s*(.*)$/i;

/** Addresses street by street, numbers as numbers: 2 before 10, 10 before 10 bis. */
export function compareAddresses(a: string, b: string): number {
  const [, numberA = '', signA = '', streetA = ''] = ADDRESS.exec(a) ?? [];
  const [, numberB = '', signB = '', streetB = ''] = ADDRESS.exec(b) ?? [];
  return french.compare(streetA, streetB) || Number(numberA) - Number(numberB) || french.compare(signA, signB);
}
