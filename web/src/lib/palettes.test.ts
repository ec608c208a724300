import { describe, expect, it } from 'vitest';
import { colors } from './classes';
import { COLOR } from '../map/layers';
import { along, diverging, STABLE } from './palettes';

/** What people with a full deficiency see (Machado, Oliveira and Fernandes 2009, severity 1), on linear RGB. */
const DEFICIENCIES: Record<string, number[][]> = {
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

const linear = (hex: string): number[] => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));

/** CIE L*a*b* of linear RGB under D65. */
function lab(rgb: readonly number[]): number[] {
  const row = (m: number[]): number => m.reduce((s, x, i) => s + x * Math.max(0, rgb[i] ?? 0), 0);
  const xyz = [row([0.4124, 0.3576, 0.1805]) / 0.95047, row([0.2126, 0.7152, 0.0722]), row([0.0193, 0.1192, 0.9505]) / 1.08883];
  const [x = 0, y = 0, z = 0] = xyz.map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((x, i) => x - (b[i] ?? 0)));
const seen = (hex: string, matrix: number[][]): number[] => lab(matrix.map((row) => row.reduce((s, m, i) => s + m * (linear(hex)[i] ?? 0), 0)));

describe('diverging palettes', () => {
  for (const [name, matrix] of Object.entries(DEFICIENCIES)) {
    it.each(['fragilite', 'aisance', 'neutre'])(`of %s keep all classes apart with ${name}`, (sens) => {
      for (const count of [3, 4, 5, 6, 7]) {
        const list = diverging(sens, count);
        expect(list).toHaveLength(count);
        for (let i = 0; i < count; i += 1) for (let j = 0; j < i; j += 1) expect(distance(seen(list[i] ?? '', matrix), seen(list[j] ?? '', matrix)), `${list[i]} ${list[j]}`).toBeGreaterThan(9);
      }
    });
  }
  it('puts the worse side where the indicator says it is', () => {
    expect(diverging('aisance', 5)).toEqual([...diverging('fragilite', 5)].reverse());
    expect(diverging('fragilite', 5)[2]).toBe(STABLE);
    expect(diverging('fragilite', 4)).not.toContain(STABLE);
  });
});

describe('sequential palettes', () => {
  it('go through their own colours and keep the ends', () => {
    expect(along(['#000000', '#ffffff'], 2)).toEqual(['#000000', '#ffffff']);
    expect(along(['#fae6cd', '#dc8f55', '#7c2f1b'], 5)[2]).toBe('#dc8f55');
  });
  it.each(['fragilite', 'aisance', 'neutre'])('of %s darken by steps that an eye without colours sees, up to seven classes', (sens) => {
    for (const count of [6, 7]) {
      const list = colors(sens, count);
      expect(list).toHaveLength(count);
      for (let i = 1; i < count; i += 1) expect((lab(linear(list[i - 1] ?? ''))[0] ?? 0) - (lab(linear(list[i] ?? ''))[0] ?? 0)).toBeGreaterThan(7);
    }
  });
});

describe('what a map shows besides its classes', () => {
  const GREYS = { terre: COLOR.land, 'sans valeur': COLOR.missing, secret: COLOR.secret, mer: COLOR.sea };
  const light = (['fragilite', 'aisance', 'neutre'] as const).map((sens) => colors(sens, 5)[0] ?? '');
  for (const [what, grey] of Object.entries(GREYS)) {
    it(`${what} is not taken for the palest class, nor for « stable »`, () => {
      for (const color of [...light, STABLE]) expect(distance(lab(linear(grey)), lab(linear(color))), `${grey} ${color}`).toBeGreaterThan(8);
    });
  }
});
