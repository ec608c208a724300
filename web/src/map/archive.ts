// Base maps in one file (PMTiles): MapLibre asks for a tile, the file is read at the place where it stands.
import { addProtocol, type RasterSourceSpecification } from 'maplibre-gl';
import { PMTiles, Protocol, TileType } from 'pmtiles';

let protocol: Protocol | null = null;

/** Opens a file of images as a source; the error's message says why it cannot be one. */
export async function opened(url: string): Promise<Pick<RasterSourceSpecification, 'tiles' | 'minzoom' | 'maxzoom'>> {
  if (!protocol) {
    protocol = new Protocol();
    addProtocol('pmtiles', protocol.tile);
  }
  const file = new PMTiles(url);
  const header = await file.getHeader().catch(() => {
    throw new Error('Ce fond de carte ne répond pas : vérifiez l’adresse du fichier PMTiles, et que son hôte accepte les lectures partielles.');
  });
  if (header.tileType === TileType.Mvt || header.tileType === TileType.Unknown) throw new Error('Ce fichier PMTiles ne contient pas d’images : seules les tuiles PNG, JPEG, WebP ou AVIF font un fond de carte ici.');
  protocol.add(file);
  return { tiles: [`pmtiles://${url}/{z}/{x}/{y}`], minzoom: header.minZoom, maxzoom: header.maxZoom };
}
