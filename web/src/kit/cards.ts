// Tables of things that one manages become cards on a narrow screen: each cell is told the name of its column.
// The roles stay those of a table, since a style sheet that lays rows out as blocks would take them away.

const ROLES: Record<string, string> = { TABLE: 'table', THEAD: 'rowgroup', TBODY: 'rowgroup', TR: 'row', TD: 'cell' };

function label(table: HTMLTableElement): void {
  const names = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent?.trim() ?? '');
  for (const part of [table, ...table.querySelectorAll('thead, tbody, tr, td')]) {
    if (!part.hasAttribute('role')) part.setAttribute('role', ROLES[part.tagName] ?? '');
  }
  for (const head of table.querySelectorAll('thead th')) head.setAttribute('role', 'columnheader');
  for (const head of table.querySelectorAll('tbody th')) head.setAttribute('role', 'rowheader');
  for (const body of table.tBodies) {
    for (const row of body.rows) {
      // A cell that spans rows above takes its column from the rows below: what is left belongs to the last columns.
      const skipped = row.cells[0] && row.cells.length < names.length && row.cells.length > 1 ? names.length - row.cells.length : 0;
      [...row.cells].forEach((cell, i) => {
        const name = names[i + skipped] ?? '';
        if (name && cell.tagName === 'TD' && !cell.classList.contains('actions') && cell.colSpan === 1) cell.dataset['label'] = name;
      });
    }
  }
}

/** Attach to a table (`{@attach cards}`). */
export function cards(table: HTMLTableElement): () => void {
  table.classList.add('cards');
  label(table);
  const seen = new MutationObserver(() => label(table));
  seen.observe(table, { childList: true, subtree: true });
  return () => seen.disconnect();
}
