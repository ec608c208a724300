// Colours of classes beyond the five of `classes.ts`: more classes, and two directions around a middle.

type Lab = [number, number, number];

/** The middle of a change, « stable »: pale yellow, neither the land, nor the white of what has no value, nor the grey of secrecy. */
export const STABLE = '#f3e7ae';

/** From a strong decrease to a strong increase: blue-green and brown are told apart with every usual colour-vision deficiency. */
const DIVERGING = ['#0f4f57', '#5ba3a2', STABLE, '#dd9058', '#7c2f1b'] as const;
/** Where less is worse. */
const REVERSED = [...DIVERGING].reverse();
/** Where neither is worse. */
const NEUTRAL = ['#0f4f57', '#5ba3a2', STABLE, '#a497cc', '#453d7c'] as const;

const toLinear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const toCoded = (c: number): number => (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055);

/** OKLab (Ottosson 2020): equal steps look equal. */
function toLab(hex: string): Lab {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => toLinear(parseInt(hex.slice(i, i + 2), 16) / 255));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

function toHex([L, a, b]: Lab): string {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb = [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s, -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s];
  return `#${rgb.map((c) => Math.round(255 * Math.min(1, Math.max(0, toCoded(c)))).toString(16).padStart(2, '0')).join('')}`;
}

/** So many colours along a list of them, the ends included. */
export function along(colors: readonly string[], count: number): string[] {
  if (count === 1) return [colors[Math.floor(colors.length / 2)] ?? '#999999'];
  return Array.from({ length: count }, (_, i) => {
    const at = (i * (colors.length - 1)) / (count - 1);
    const [from, to] = [toLab(colors[Math.floor(at)] ?? '#999999'), toLab(colors[Math.ceil(at)] ?? '#999999')];
    const part = at - Math.floor(at);
    return toHex([from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1]), from[2] + part * (to[2] - from[2])]);
  });
}

/** Colours on both sides of a middle; `sens` says which side is the worse. */
export function diverging(sens: string, count: number): string[] {
  const colors = sens === 'aisance' ? REVERSED : sens === 'fragilite' ? DIVERGING : NEUTRAL;
  // Without a middle class the pale colour is left out.
  if (count % 2 === 1) return along(colors, count);
  const half = count / 2;
  const side = (list: readonly string[]): string[] => along(list, half + 1).slice(0, half);
  return [...side(colors.slice(0, 3)), ...side([...colors.slice(2)].reverse()).reverse()];
}
