import { describe, expect, it } from 'vitest';
import { DEFAULT_STATE, readUrl, writeUrl, type PageState } from './url';

const read = (url: string): PageState => {
  const at = url.indexOf('#');
  return at < 0 ? readUrl(url, '') : readUrl(url.slice(0, at), url.slice(at));
};

const FULL: PageState = {
  indicator: 'I01',
  population: 'RECENTS',
  wave: 2022,
  generation: '2015',
  upToDate: true,
  scale: 'iris',
  filters: { dpe: ['F', 'G'], financement: ['PLAI'] },
  zone: { scale: 'adresse', code: '73065:12:-:RUE DU LAC & CIE' },
  table: true,
  sort: { column: 'code', descending: true },
  search: 'saint',
  view: { zoom: 12.5, lat: 45.56789, lon: 5.91234 },
  within: { scale: 'epci', code: '200000001' },
  classes: 7,
  method: 'manuel',
  breaks: { of: 'I01', at: [-2, 10, 20.5] },
  labels: true,
  cross: 'P10',
  symbols: 'aplats',
  size: 'repondants',
  gap: true,
  wave2: 2020,
  beside: true,
  typology: true,
  plot: 'I05',
  versus: { scale: 'commune', code: '73066' },
  address: { label: '12, rue du Lac & Cie', lon: 5.9, lat: 45.6, quality: 11 },
};

describe('the address of the page', () => {
  it('gives back the state that it was written from', () => expect(read(writeUrl(FULL))).toEqual(FULL));
  it('leaves the defaults out', () => {
    expect(writeUrl({ ...DEFAULT_STATE })).toBe('');
    expect(writeUrl({ ...DEFAULT_STATE, indicator: 'I01' })).toBe('?indicateur=I01');
  });
  it('stays readable', () => expect(writeUrl({ ...DEFAULT_STATE, filters: { financement: ['PLAI', 'PLUS'] }, zone: { scale: 'commune', code: '73065' } })).toBe('?f.financement=PLAI,PLUS&zone=commune:73065'));
  it.each(['?population=X&vague=abc&generation=1999&zone=commune&f.dpe=', '#1/2', '#99/0/0', '#a/b/c', '?zone=:1', '?methode=manuel', '?methode=manuel&seuils=I02:', '?classes=12&methode=x&vague2=1&symboles=x&dans=x'])('reads %s as the defaults', (url) => {
    expect(read(url)).toEqual(DEFAULT_STATE);
  });
});
