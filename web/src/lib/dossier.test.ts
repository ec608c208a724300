import { expect, test } from 'vitest';
import { toHtml, type Dossier } from './dossier';

const dossier: Dossier = {
  title: 'Conférence <intercommunale>', reader: 'CA du Val d’Orme', demonstration: true,
  pieces: [{
    id: 'a', title: 'Carte & tableau', subtitle: 'OPS 2024', comment: 'À débattre\n<script>alert(1)</script>', from: '/', day: '2026-11-28',
    blocks: [
      { kind: 'table', head: ['Commune', 'Part'], rows: [['Arzay', '12,5 %'], ['Bron "sud"', 'secret']], numeric: [false, true] },
      { kind: 'image', src: 'data:image/png;base64,AAAA', alt: 'carte' }, { kind: 'image', src: 'data:image/png;base64,BBBB', alt: 'courbe', title: 'Premier quartile' }, { kind: 'image', src: 'https://ailleurs.example/x.png', alt: 'non' },
    ],
  }],
};
const html = toHtml(dossier, '2026-11-29', (d) => `le ${d}`, ['Secret statistique.']);

test('the file holds what was gathered, in words that cannot become code', () => {
  expect(html).toContain('Conférence &#60;intercommunale&#62;');
  expect(html).not.toContain('<script');
  expect(html).toContain('<td class="num">12,5 %</td>');
  expect(html).toContain('Bron &#34;sud&#34;');
  expect(html).toContain('Chiffres lus avec les droits de : CA du Val d’Orme.');
  expect(html).toContain('Territoire fictif');
});

test('the name of a chart is in one piece with it', () => {
  expect(html).toContain('<figure><figcaption>Premier quartile</figcaption><img src="data:image/png;base64,BBBB" alt="courbe"></figure>');
});

test('it asks nothing of any other place', () => {
  expect(html).toContain('<img src="data:image/png;base64,AAAA" alt="carte">');
  expect(html).not.toContain('ailleurs.example');
  expect(html).toContain("default-src 'none'");
});
