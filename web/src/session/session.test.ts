import { expect, test } from 'vitest';
import { pathAfter } from './session.svelte';

test('after signing in one stays on this site', () => {
  expect(pathAfter('?retour=%2Fmixite%3Fannee%3D2024')).toBe('/mixite?annee=2024');
  for (const wrong of ['', '?retour=https://ailleurs.example', '?retour=//ailleurs.example', '?retour=/%5Cailleurs.example', '?retour=/connexion']) {
    expect(pathAfter(wrong)).toBe('/');
  }
});
