import { describe, expect, test } from 'vitest';
import type { Mixite, ScoreMixite } from '../../api/client';
import { gauged, scope, sentence, verdict } from './words';

const rule = (sens: 'minimum' | 'maximum') => ({ id: 'r', libelle: '', article: '', sens, cible: 25, base: '', compte: '' }) as Mixite['regles'][number];
const score = (more: Partial<ScoreMixite>): ScoreMixite =>
  ({ regle: 'r', secret: false, numerateur: 10, denominateur: 40, inconnus: 0, part: 25, part_connus: 25, ecart: 0, respectee: true, cible: 25, objectif: null, projection: null, etat: 'applicable', ...more }) as ScoreMixite;

describe('a score in words', () => {
  test('says how many allocations are missing, and agrees in number', () => {
    expect(sentence(rule('minimum'), score({ respectee: false, ecart: 49 }))).toBe('Il manque 49 attributions');
    expect(sentence(rule('minimum'), score({ respectee: false, ecart: 1 }))).toBe('Il manque 1 attribution');
    expect(sentence(rule('maximum'), score({ respectee: false, ecart: 3 }))).toBe('3 attributions au-dessus du plafond');
  });
  test('never takes a secret score for an empty or a bad one', () => {
    const secret = score({ secret: true, denominateur: null, respectee: null });
    expect(verdict(secret)).toBe('secret');
    expect(verdict(score({ denominateur: 0, respectee: null }))).toBe('vide');
  });
  test('says who is not bound, and gives no verdict where the two readings disagree', () => {
    const free = score({ etat: 'non_soumis', numerateur: null, denominateur: null, part: null, respectee: null });
    expect([verdict(free), sentence(rule('minimum'), free), gauged(free)]).toEqual(['sans_verdict', 'Non soumis', false]);
    expect(sentence(rule('maximum'), score({ respectee: null }))).toBe('Sans verdict');
    expect(sentence(rule('maximum'), score({ respectee: null, etat: 'autre_niveau' }))).toBe('Se juge par bailleur et département');
  });
});

test('whose leases are counted: what was chosen, else all that the account reads', () => {
  const choices = (...codes: string[]) => codes.map((code) => ({ code, nom: code.toUpperCase() }));
  const all = { epci: choices('e'), communes: choices('c', 'd'), bailleurs: choices('b') };
  const of = (chosen: Record<string, string>, answer = all): string => scope(answer, (what) => chosen[what] ?? '');
  expect(of({})).toBe('E');
  expect(of({ commune: 'd', bailleur: 'b' })).toBe('D · B');
  expect(of({}, { ...all, communes: choices('c') })).toBe('C');
  expect(of({}, { ...all, epci: choices('e', 'f') })).toBe('2 intercommunalités');
});
