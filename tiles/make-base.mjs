// Makes tiles/base from Natural Earth extracts: keeps what the style reads, rounds coordinates to about 10 m.
// Usage: node tiles/make-base.mjs ../shared/data/basemap
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const from = process.argv[2];
if (!from) throw new Error('usage: node tiles/make-base.mjs <folder with the ne_10m_*.geojson extracts>');
const to = join(import.meta.dirname, 'base');

const LAYERS = {
  pays: ['ne_10m_pays_france_voisins.geojson', ['ISO_A3'], 3],
  lacs: ['ne_10m_lakes_europe_france.geojson', [], 4],
  villes: ['ne_10m_villes_france.geojson', ['name', 'scalerank'], 3],
  rivieres: ['ne_10m_rivers_europe_france.geojson', ['scalerank'], 4],
};

const round = (coordinates, digits) =>
  typeof coordinates[0] === 'number' ? coordinates.slice(0, 2).map((c) => Number(c.toFixed(digits))) : coordinates.map((c) => round(c, digits));

mkdirSync(to, { recursive: true });
for (const [name, [file, kept, digits]] of Object.entries(LAYERS)) {
  const { features } = JSON.parse(readFileSync(join(from, file), 'utf8'));
  const out = features.map(({ properties, geometry }) => ({
    type: 'Feature',
    properties: Object.fromEntries(kept.map((key) => [key, properties[key]])),
    geometry: { type: geometry.type, coordinates: round(geometry.coordinates, digits) },
  }));
  const path = join(to, `${name}.geojson`);
  writeFileSync(path, JSON.stringify({ type: 'FeatureCollection', features: out }));
  console.log(`${path}: ${out.length} features`);
}
