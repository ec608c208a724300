import { expect, test } from 'vitest';
import { chartPlate, mapPlate, toSvg, wrap, type Measure } from './plate';

/** Every character is half as wide as it is high. */
const measure: Measure = (text, size) => text.length * size * 0.5;
const text = { title: 'Ménages <pauvres> & « QPV »', subtitle: 'Tous les ménages', notes: ['OPS 2024', 'Secret statistique : rien sous 11 ménages.'] };

test('lines are no wider than asked, and no word is lost', () => {
  const lines = wrap('un deux trois quatre cinq six', 60, 10, 400, measure);
  expect(lines.every((l) => measure(l, 10, 400) <= 60)).toBe(true);
  expect(lines.join(' ')).toBe('un deux trois quatre cinq six');
  expect(wrap('anticonstitutionnellement', 10, 10, 400, measure)).toEqual(['anticonstitutionnellement']);
});

test('the plate of a map holds title, legend, source and secrecy note inside its frame', () => {
  const rows = [{ kind: 'fill' as const, color: '#fae6cd', label: 'moins de 10 %', count: '3' }, { kind: 'hatch' as const, color: '#d9d9d6', label: 'secret statistique', count: '2' }];
  const plate = mapPlate(text, { href: 'data:image/png;base64,AA==', width: 900, height: 700 }, { sub: 'Légende', rows, foot: '5 zones' }, measure);
  const said = plate.marks.flatMap((m) => (m.kind === 'text' ? [m.text] : []));
  for (const expected of [text.title, 'moins de 10 %', 'secret statistique', ...text.notes, '5 zones']) expect(said).toContain(expected);
  for (const m of plate.marks) {
    if ('w' in m) expect(m.x + m.w <= plate.width && m.y + m.h <= plate.height).toBe(true);
    if (m.kind === 'text') expect(m.x <= plate.width && m.y <= plate.height).toBe(true);
  }
  const image = plate.marks.find((m) => m.kind === 'image');
  expect(image && 'w' in image ? image.w / image.h : 0).toBeCloseTo(900 / 700);
});

test('the SVG is well formed whatever the names hold', () => {
  const svg = toSvg(chartPlate(text, { svg: '<svg width="10" height="5" viewBox="0 0 10 5"><path d="M0 0"/></svg>', width: 10, height: 5 }, measure));
  expect(svg).toContain('Ménages &lt;pauvres&gt; &amp; « QPV »');
  expect(svg.match(/<svg/g)).toHaveLength(2);
  expect(svg).toContain('<svg width="928" height="464" viewBox="0 0 10 5">');
});
