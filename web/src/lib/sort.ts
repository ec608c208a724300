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
