import { describe, expect, it } from 'vitest';
import { distinct, plural, scaleForZoom } from './scales';
import { incomeBars } from './income';
import { compare, nextSort } from './sort';

const scale = (id: string, zoom_min: number, zones = 3) => ({ id, libelle: id, zones, zoom_min, zoom_max: zoom_min + 2 });
const SCALES = [scale('adresse', 15), scale('carreau', 12), scale('commune', 9), scale('epci', 7), scale('iris', 11, 0), scale('residence', 13)];

describe('the automatic scale', () => {
  it('is the finest nested scale whose zoom is reached', () => {
    expect([8, 9, 12.9, 13, 16].map((z) => scaleForZoom(SCALES, z)?.id)).toEqual(['epci', 'commune', 'commune', 'residence', 'adresse']);
  });
  it('is the coarsest below all zooms, and skips scales without zones', () => {
    expect(scaleForZoom(SCALES, 3)?.id).toBe('epci');
    expect(scaleForZoom(SCALES, 11.5)?.id).toBe('commune');
  });
  it('is finer than the territory that figures are limited to', () => {
    expect([8, 12, 13].map((z) => scaleForZoom(SCALES, z, { scale: 'epci', code: 'E' })?.id)).toEqual(['commune', 'commune', 'residence']);
    expect(scaleForZoom(SCALES, 5, { scale: 'departement', code: '01' })?.id).toBe('epci');
    expect(scaleForZoom([scale('epci', 7)], 5, { scale: 'epci', code: 'E' })?.id).toBe('epci');
  });
  it('falls back on any scale with zones', () => expect(scaleForZoom([scale('carreau', 12)], 5)?.id).toBe('carreau'));
});

describe('names of scales', () => {
  it.each([['Commune', 'Communes'], ['EPCI', 'EPCI'], ['IRIS', 'IRIS'], ['QPV 2024', 'QPV 2024'], ['Carreau de 200 m', 'Carreaux de 200 m'], ['Adresse', 'Adresses'], ['Commune déléguée ou associée', 'Communes déléguées ou associées']])('%s → %s', (one, many) => expect(plural(one)).toBe(many));
});

describe('bars of resources', () => {
  const ids = ['I_PLAF_0_20', 'I_PLAF_20_40', 'I_PLAF_40_60', 'I_PLAF_60_80', 'I_PLAF_80_100', 'I04'];
  const figures = ids.map((indicateur, i) => ({ indicateur, valeur: [20, 25, 20, 15, 12, 8][i] ?? null, secret: false }));
  it('are one a class', () => expect(incomeBars(figures, 'Tous').map((b) => b.part)).toEqual([20, 25, 20, 15, 12, 8]));
  it('leave a secret class out rather than showing zero', () => {
    const bars = incomeBars(figures.map((f, i) => (i === 0 ? { ...f, valeur: null, secret: true } : f)), 'Tous');
    expect(bars.map((b) => b.classe)).not.toContain('< 20');
    expect(bars).toHaveLength(5);
  });
  it('are none when most classes are secret', () => expect(incomeBars(figures.map((f) => ({ ...f, secret: true })), 'Tous')).toEqual([]));
});

describe('sorting', () => {
  it('puts missing values last both ways', () => {
    expect([3, null, 1].sort((a, b) => compare(a, b, false))).toEqual([1, 3, null]);
    expect([3, null, 1].sort((a, b) => compare(a, b, true))).toEqual([3, 1, null]);
  });
  it('follows French order for names', () => expect(['Zone 10', 'écully', 'Zone 2', 'Eybens'].sort((a, b) => compare(a, b, false))).toEqual(['écully', 'Eybens', 'Zone 2', 'Zone 10']));
  it('turns round at the second click and starts numbers with the largest', () => {
    expect(nextSort({ column: 'nom', descending: false }, 'valeur', true)).toEqual({ column: 'valeur', descending: true });
    expect(nextSort({ column: 'valeur', descending: true }, 'valeur', true).descending).toBe(false);
  });

  it('is the arrondissement within a city that has them, and nowhere else', () => {
    const all = [...SCALES, { ...scale('arrondissement', 10), zones: 20 }, { ...scale('iris', 11), zones: 99 }];
    const within = { scale: 'departement', code: '75' };
    expect([9, 10.5, 11.5, 13].map((z) => scaleForZoom(all, z, within)?.id)).toEqual(['arrondissement', 'arrondissement', 'iris', 'residence']);
    expect(scaleForZoom(all, 10.5, { scale: 'departement', code: '69' })?.id).toBe('commune');
    expect(scaleForZoom(SCALES, 9, within)?.id).toBe('commune');
  });

  it('names a territory once', () => {
    const places = [{ code: '75056', nom: 'Paris' }, { code: '75056', nom: 'Ville de Paris' }, { code: '75', nom: 'Paris' }, { code: '11', nom: 'Île-de-France' }];
    expect(distinct(places).map((p) => p.code)).toEqual(['75056', '11']);
  });
});
