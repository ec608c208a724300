import { expect, it } from 'vitest';
import { UrlChoices } from './choices.svelte';

const NAMES = ['annee', 'epci', 'par'] as const;

it('choices come from the address; what the page does not know is left out', () => {
  const choices = new UrlChoices('/mixite', NAMES, '?epci=200000001&inconnu=1&par=');
  expect([choices.get('epci'), choices.get('par'), choices.get('annee')]).toEqual(['200000001', '', '']);
  expect(choices.address()).toBe('/mixite?epci=200000001');
});

it('choices change together, an empty one goes, and the address keeps one order', () => {
  const choices = new UrlChoices('/mixite', NAMES, '');
  expect(choices.address()).toBe('/mixite');
  choices.set({ par: 'commune', annee: '2024' });
  choices.set({ epci: '2', par: '' });
  expect(choices.address()).toBe('/mixite?annee=2024&epci=2');
  expect(choices.query(['epci', 'par'])).toEqual({ epci: '2' });
});

it('the browser goes back to the choices of a step, and those that changed are told', () => {
  const choices = new UrlChoices('/mixite', NAMES, '?epci=1&par=commune');
  expect(choices.back('?epci=1&annee=2024')).toEqual(['annee', 'par']);
  expect(choices.address()).toBe('/mixite?annee=2024&epci=1');
});
