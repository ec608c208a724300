// Zones out of a file: outlines are read by the server, which knows the formats and projections; lists of codes here.
import { api, fileBody, read } from '../api/client';
import { isCodeFile, readCodes } from '../lib/codes';
import type { Area } from '../lib/zones';
import type { Saved } from '../lib/kept';

/** What the file picker proposes. */
export const ACCEPTED = '.geojson,.json,.gpkg,.zip,.shp,.dbf,.shx,.prj,.cpg,.gz,.csv,.txt,application/geo+json,text/csv';

export interface FileZones {
  zones: Saved[];
  /** What was left out or put right, for the user to know. */
  said: string[];
}

/** Reads one file; the error's message says what to do. */
export async function zonesOf(file: File): Promise<FileZones> {
  if (isCodeFile(file.name)) return { zones: readCodes(await file.text(), file.name.replace(/\.\w+$/, '') || undefined), said: [] };
  const answer = await read(
    api.POST('/api/zones/fichier', {
      params: { query: { fichier: file.name } },
      ...fileBody(file, 'application/octet-stream'),
    }),
  );
  const dropped = answer.ecartees > 0 ? [`Entités écartées : ${answer.ecartees} sur ${answer.entites}.`] : [];
  const found = answer.constats.map((c) => `Entité ${c.entite} : ${c.message} (règle ${c.regle}).`);
  return { zones: answer.zones.map(({ nom, geometrie }) => ({ nom, geometrie: geometrie as unknown as Area })), said: [...dropped, ...found, ...answer.remarques.map((r) => `${r}.`)] };
}
