import { expect, test } from 'vitest';
import { LABEL_LAYERS, lettersOf, VALUE_LAYER } from './layers';

test('before a projector letters are larger at every zoom, in a wider halo; then as they were', () => {
  for (const layer of [...LABEL_LAYERS, VALUE_LAYER]) {
    const [small, large] = [lettersOf(layer, false), lettersOf(layer, true)];
    const sizes = (of: unknown): number[] => (of as unknown[]).filter((_, i) => i > 3 && i % 2 === 0).map(Number);
    expect(sizes(large.size).every((s, i) => s > (sizes(small.size)[i] ?? 99))).toBe(true);
    // Stops of the zoom stay where they are.
    expect((large.size as unknown[]).filter((_, i) => i % 2 === 1)).toEqual((small.size as unknown[]).filter((_, i) => i % 2 === 1));
    expect(large.halo).toBeGreaterThan(small.halo);
  }
});
