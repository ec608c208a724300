import { expect, test } from 'vitest';
import type { Chiffre } from '../api/client';
import { margin, movedNote, otherNotes } from './moved';

const figure = (incertitude: number | null, secret = false): Chiffre => ({ indicateur: 'I02', valeur: 69.7, unite: '%', decimales: 1, secret, incertitude }) as Chiffre;
const NOTES = ['31 adresses sont à la rue près.', 'Chiffres filtrés ou croisés : … « ± » dit jusqu’où (95 %).'];

test('a figure that was moved says how far; one that was not, or is secret, says nothing', () => {
  expect(margin(figure(0.6))).toBe('\u00a0±\u00a00,6');
  expect([margin(figure(null)), margin(figure(0.6, true)), margin(undefined)]).toEqual(['', '', '']);
});

test('the note of « ± » is told where such figures are shown, and there alone', () => {
  expect(otherNotes(NOTES)).toEqual([NOTES[0]]);
  expect(movedNote([figure(null), figure(0.6)], NOTES)).toBe(NOTES[1]);
  expect(movedNote([figure(null)], NOTES)).toBe(null);
});
