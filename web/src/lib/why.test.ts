import { describe, expect, it } from 'vitest';
import { beside, hiddenWord, intervalText, isReserved, whySecret } from './why';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');
const share = (numerateur: number, denominateur: number) => ({ valeur: (100 * numerateur) / denominateur, unite: '%', decimales: 1, numerateur, denominateur, repondants: denominateur, secret: false });

describe('a secret figure', () => {
  it('gives its reason first, then what can be done about it', () => {
    const said = whySecret('moins de 11 ménages répondants', { population: 'RECENTS', filters: true, wide: false });
    expect(said[0]).toBe('Moins de 11 ménages répondants.');
    expect(said.at(-1)).toContain('« Tous »');
    expect(said.at(-1)).toContain('retirez un filtre');
  });
  it('is not called secrecy where rights close it', () => {
    const reserved = { secret: true, motif: "Cette zone n'est pas entièrement dans le territoire ouvert à votre organisme." };
    expect([isReserved(reserved), hiddenWord(reserved), hiddenWord({ secret: true, motif: 'moins de 11 ménages répondants' })]).toEqual([true, 'réservé', 'secret']);
    expect(whySecret(reserved.motif, { population: 'RECENTS', filters: true, wide: false })).toEqual([reserved.motif]);
  });
  it('offers nothing where nothing would help', () => expect(whySecret('x', { population: 'TOUS', filters: false, wide: true })).toHaveLength(2));
});

describe('two figures', () => {
  it('do not differ where protection may have made the gap', () => {
    const said = beside({ ...share(154, 200), incertitude: 4 }, { ...share(100, 200), incertitude: 30 });
    expect(said?.significant).toBe(false);
    // Moved apart, answers may be more than respondents: their share has no interval, the gap is within the uncertainty all the same.
    expect(beside({ ...share(58, 86), incertitude: 9 }, { ...share(109, 154), repondants: 151, incertitude: 19.9 })?.significant).toBe(false);
  });
  it('have a gap in points and a flag', () => {
    const said = beside(share(60, 200), share(40, 200));
    expect([plain(said?.gap ?? ''), said?.significant]).toEqual(['+10,0 pts', true]);
    expect(beside(share(31, 100), share(30, 100))?.significant).toBe(false);
  });
  it('have no flag when they are not shares of households', () => expect(beside({ ...share(30, 100), repondants: null }, share(20, 100))?.significant).toBeNull());
  it('are not compared when one is secret', () => expect(beside(share(1, 2), { ...share(1, 2), secret: true })).toBeNull());
});

it('an interval is written with one unit', () => expect(plain(intervalText({ low: 21.24, high: 26.96 }))).toBe('entre 21,2 et 27,0 %'));
