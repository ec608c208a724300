import { describe, expect, it } from 'vitest';
import { exportAddress, FORMATS } from './exports';

describe('the address of a file', () => {
  it('asks for what is shown and leaves out what is not chosen', () => {
    const address = exportAddress({ echelle: 'commune', dans: 'epci:200000001', vague: 0, population: '' }, 'xlsx');
    expect(address).toBe('/api/export?echelle=commune&dans=epci%3A200000001&format=xlsx');
  });
  it('keeps filters whole', () => {
    expect(exportAddress({ echelle: 'iris', financement: 'PLAI,PLUS' }, 'gpkg')).toContain('financement=PLAI%2CPLUS');
  });
  it('offers a map only where zones have a place', () => {
    expect(FORMATS.filter((f) => f.mapped).map((f) => f.id)).toEqual(['gpkg', 'geojson', 'parquet', 'fgb', 'pmtiles']);
  });
});
