// The applicant's texts are read by people in a hurry, on a telephone: their sentences stay short and their words plain.
import { describe, expect, test } from 'vitest';
import { rankOf, spell, waitOf, WORDS } from './words';

const sentences = (text: string): string[] => text.split(/[.:!?]+/).map((s) => s.trim()).filter((s) => s !== '');
const words = (text: string): string[] => text.toLowerCase().match(/[a-zà-ÿœ0-9]+/g) ?? [];
/** Groups of vowels, without the mute e of the end: what Kandel and Moles count. */
const syllables = (word: string): number => Math.max(1, (word.replace(/(?<=[a-zà-ÿ]{2})(e|es|ent)$/, '').match(/[aeiouyà-ÿœ]+/g) ?? []).length);

/** Flesch's ease for French (Kandel and Moles, 1958): 207 − 1.015 words a sentence − 73.6 syllables a word. 60 to 70 is standard. */
export function ease(text: string): number {
  const [w, s] = [words(text), sentences(text)];
  return 207 - (1.015 * w.length) / s.length - (73.6 * w.reduce((n, x) => n + syllables(x), 0)) / w.length;
}
/** LIX (Björnsson, 1968): words a sentence + share of words over six letters. Under 30 is very easy, 30 to 40 easy. */
export function lix(text: string): number {
  const [w, s] = [words(text), sentences(text)];
  return w.length / s.length + (100 * w.filter((x) => x.length > 6).length) / w.length;
}

describe('reading the page', () => {
  const all = Object.values(WORDS).join(' ');
  test('the scores are those of known texts', () => {
    expect(ease('Le chat dort. Il a faim.')).toBeGreaterThan(100);
    expect(lix('Le chat dort. Il a faim.')).toBe(3);
    expect(ease('L’appréciation de l’inadaptation des dispositifs réglementaires relève de la commission départementale de médiation instituée.')).toBeLessThan(40);
  });
  test('is easy as a whole, and no sentence is long', () => {
    expect(ease(all)).toBeGreaterThan(70);
    expect(lix(all)).toBeLessThan(30);
    for (const s of sentences(all)) expect(words(s).length, s).toBeLessThanOrEqual(16);
  });
  test('sentences that are made stay short too', () => {
    const delai = { moyen: 27.4, median: 38.2, satisfaites: 120, suivies: 300, de_l_epci: false };
    const note = { rang: 14, quart: null, semblables: 120, delai } as never;
    expect(rankOf(note)).toBe('Vous êtes 14e sur 120 demandes.');
    expect(waitOf(note)).toContain('2 ans et 3 mois');
    for (const s of sentences(waitOf(note) + rankOf(note))) expect(words(s).length, s).toBeLessThanOrEqual(22);
  });
  test('a duration is in years and months', () => {
    expect([0, 1, 11, 12, 13, 24, 31].map(spell)).toEqual(['0 mois', '1 mois', '11 mois', '1 an', '1 an et 1 mois', '2 ans', '2 ans et 7 mois']);
  });
});
