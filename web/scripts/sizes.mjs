// Prints the gzip size of what a browser loads first, and of what it loads later.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname, '..', 'dist', 'assets');
const kind = (name) => (/^(index|carte|layers|maplibre)/.test(name) ? 'au départ' : 'à la demande');
const rows = readdirSync(dist)
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => ({ name, kind: kind(name), gzip: gzipSync(readFileSync(join(dist, name)), { level: 9 }).length }))
  .sort((a, b) => b.gzip - a.gzip);
for (const row of rows) console.log(`${(row.gzip / 1024).toFixed(1).padStart(8)} Ko  ${row.kind.padEnd(13)} ${row.name}`);
for (const when of ['au départ', 'à la demande']) {
  console.log(`${(rows.filter((r) => r.kind === when).reduce((n, r) => n + r.gzip, 0) / 1024).toFixed(1).padStart(8)} Ko  ${when} en tout`);
}
