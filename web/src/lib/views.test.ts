import { describe, expect, it } from 'vitest';
import { MOST_VIEWS, readViews, storeOf, withView, type KeptView } from './views';

const view = (nom: string, adresse = '/?indicateur=I02'): KeptView => ({ nom, adresse, jour: '2026-11-29' });

describe('kept views', () => {
  it('come back as they were kept', () => expect(readViews(JSON.stringify([view('Conférence')]))).toEqual([view('Conférence')]));
  it.each([null, '', '{', '"x"', '[1,null,{"nom":"a"}]'])('are none where %j was found', (text) => expect(readViews(text)).toEqual([]));
  it('never lead to another site', () => {
    expect(readViews(JSON.stringify([view('a', 'https://ailleurs.example/'), view('b', '//ailleurs.example/'), view('c', 'javascript:alert(1)'), view('d', '/mixite')])).map((v) => v.nom)).toEqual(['d']);
  });
  it('are kept by account', () => {
    expect(new Set([storeOf(null), storeOf('a@x.fr'), storeOf('b@x.fr')]).size).toBe(3);
  });
  it('have each name once: the new one takes the place of the former, which is told', () => {
    const { views, replaced, error } = withView([view('A', '/1'), view('B', '/2')], view(' A ', '/3'));
    expect([views.map((v) => [v.nom, v.adresse]), replaced?.adresse, error]).toEqual([[['A', '/3'], ['B', '/2']], '/1', null]);
  });
  it('want a name, and have an end', () => {
    expect(withView([], view('  ')).error).toContain('nom');
    const full = Array.from({ length: MOST_VIEWS }, (_, i) => view(String(i)));
    expect(withView(full, view('de trop'))).toMatchObject({ views: full, replaced: null });
    expect(withView(full, view('de trop')).error).toContain('supprimez-en');
    // Replacing one asks for no more room.
    expect(withView(full, view('3', '/x')).error).toBeNull();
  });
});
