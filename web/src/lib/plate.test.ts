import { expect, test } from 'vitest';
import type { MapLegend } from './legend';
import { chartPlate, MAP_WIDTH, mapPlate, toSvg, wrap, type Measure, type PlateText } from './plate';

/** Every character is half as wide as it is high. */
const measure: Measure = (text, size) => text.length * size * 0.5;
const text = { title: 'Ménages <pauvres> & « QPV »', subtitle: 'Tous les ménages', notes: ['OPS 2024', 'Secret statistique : rien sous 11 ménages.'] };

test('lines are no wider than asked, and no word is lost', () => {
  const lines = wrap('un deux trois quatre cinq six', 60, 10, 400, measure);
  expect(lines.every((l) => measure(l, 10, 400) <= 60)).toBe(true);
  expect(lines.join(' ')).toBe('un deux trois quatre cinq six');
  expect(wrap('anticonstitutionnellement', 10, 10, 400, measure)).toEqual(['anticonstitutionnellement']);
});

const legend: MapLegend = {
  title: 'Ménages', subtitle: 'Tous les ménages, par commune', place: 'Grand Territoire', foot: '5 communes',
  classes: [
    { id: '1', mark: { kind: 'fill', color: '#fae6cd' }, label: '10 % et plus', word: 'hausse forte', count: 1234 },
    { id: '0', mark: { kind: 'fill', color: '#762a19' }, label: 'moins de 10 %', count: 3, reference: { nom: 'Communauté d’agglomération du Grand Territoire de la Mosaïque', value: '9,1 %' } },
  ],
  others: [
    { id: 'secret', mark: { kind: 'hatch' }, label: 'secret statistique (l’un des deux chiffres, ou tous les deux à la fois)', count: 2 },
    { id: 'sans', mark: { kind: 'dots' }, label: 'pas de valeur', count: 4 },
    { id: 'tailles', mark: { kind: 'sizes', color: 'none', circles: [{ count: 4000, radius: 34 }, { count: 1000, radius: 17 }] }, label: '4 000 et 1 000 ménages répondants à l’enquête', count: null },
    { id: 'qpv', mark: { kind: 'line', color: '#16243f' }, label: 'quartier prioritaire 2024', count: null },
  ],
};

test('the plate of a map holds title, legend, scale bar, source and secrecy note inside its frame', () => {
  const plate = mapPlate(text, { href: 'data:image/png;base64,AA==', width: 900, height: 700, bar: { pixels: 100, label: '5 km' } }, legend, measure);
  const said = plate.marks.flatMap((m) => (m.kind === 'text' ? [m.text] : []));
  for (const expected of [text.title, 'moins de 10 %', 'pas de valeur', '5 km', ...text.notes, '5 communes']) expect(said).toContain(expected);
  for (const m of plate.marks) {
    if ('w' in m) expect(m.x + m.w <= plate.width && m.y + m.h <= plate.height).toBe(true);
    if (m.kind === 'text') expect(m.x <= plate.width && m.y <= plate.height).toBe(true);
  }
  const image = plate.marks.find((m) => m.kind === 'image');
  expect(image && 'w' in image ? image.w / image.h : 0).toBeCloseTo(900 / 700);
  const bar = plate.marks.find((m) => m.kind === 'line' && m.x2 - m.x1 > 50 && m.x1 < 100);
  expect(bar && bar.kind === 'line' ? bar.x2 - bar.x1 : 0).toBeCloseTo((100 * MAP_WIDTH) / 900);
});

test('no text of a plate lies on another', () => {
  const long: PlateText = { title: 'Un titre très long '.repeat(8), subtitle: 'Un sous-titre '.repeat(20), notes: ['Une source '.repeat(40), 'Secret'] };
  const plate = mapPlate(long, { href: 'data:,', width: 900, height: 300 }, legend, measure);
  const boxes = plate.marks.flatMap((m) => {
    if (m.kind !== 'text') return [];
    const w = measure(m.text, m.size, m.weight ?? 400);
    const x = m.end ? m.x - w : m.x;
    return [{ text: m.text, x, right: x + w, y: m.y - m.size * 0.8, bottom: m.y + m.size * 0.2 }];
  });
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => expect(a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom, `« ${a.text} » on « ${b.text} »`).toBe(false)));
});

test('the SVG is well formed whatever the names hold', () => {
  const svg = toSvg(chartPlate(text, { svg: '<svg width="10" height="5" viewBox="0 0 10 5"><path d="M0 0"/></svg>', width: 10, height: 5 }, measure));
  expect(svg).toContain('Ménages &lt;pauvres&gt; &amp; « QPV »');
  expect(svg.match(/<svg/g)).toHaveLength(2);
  expect(svg).toContain('<svg width="928" height="464" viewBox="0 0 10 5">');
});
