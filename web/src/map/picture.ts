// A map as a picture of its own: fitted to what it is about whatever the screen shows, at the size of the plate, without handles.
import type { Feature } from 'geojson';
import { metresPerPixel, scaleBar, type Box } from '../lib/frame';
import type { TileJson } from '../api/client';
import { Carte, type Named, type ScaleSource, type States } from './carte';

/** Everything that a map shows, apart from where it looks. */
export interface Scene {
  communes: TileJson | null;
  scale: ScaleSource;
  states: States;
  qpv: { layer: string; tilejson: TileJson; names: Named[] } | null;
  names: Named[];
  /** Values written on the zones. */
  values?: Named[];
  /** Outlines of one's own, with their names. */
  zones: { features: Feature[]; names: Named[] };
  /** A zone of the scale that is edged. */
  selected: string | null;
}

export type Picture = ({ href: string } | { svg: string }) & {
  /** CSS pixels of the map. */
  width: number;
  height: number;
  bar: { pixels: number; label: string };
};

/** Longest scale bar, as a part of the map's width. */
const BAR = 0.16;
/** Pixels of the picture for one of the page: some 300 an inch on paper. */
const FINE = 2;
/** A tile that does not come must not hold a picture for ever. */
const PATIENCE = 20_000;
const patiently = (work: Promise<void>): Promise<unknown> => Promise.race([work, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);

export async function picture(scene: Scene, box: Box, size: { width: number; height: number }, kind: 'png' | 'svg'): Promise<Picture> {
  const container = document.createElement('div');
  container.style.cssText = `position:fixed;left:-20000px;top:0;width:${size.width}px;height:${size.height}px`;
  document.body.append(container);
  const nothing = (): void => undefined;
  const carte = new Carte({ container, view: null, bounds: [...box], reducedMotion: true, bare: true, onMove: nothing, onHover: nothing, onClick: nothing, onError: nothing });
  try {
    await carte.ready;
    carte.setup(scene.communes);
    carte.setScale(scene.scale);
    carte.setStates(scene.states);
    if (scene.qpv) {
      carte.setQpv(scene.qpv.layer, scene.qpv.tilejson);
      carte.setPoints('noms-qpv', scene.qpv.names);
    }
    carte.setPoints('noms-communes', scene.names);
    carte.setPoints('valeurs', scene.values ?? []);
    carte.setPoints('noms-dessins', scene.zones.names);
    carte.setFixed(scene.zones.features);
    carte.setSelected(scene.selected);
    await patiently(carte.drawn());
    const bar = scaleBar(metresPerPixel(carte.map.getZoom(), carte.map.getCenter().lat), size.width * BAR);
    const drawn = kind === 'svg' ? await carte.vectors() : null;
    if (drawn) return { svg: drawn.svg, ...size, bar };
    // Fine pixels for the last frame only: those drawn while tiles come are thrown away.
    carte.map.setPixelRatio(FINE);
    await patiently(carte.drawn());
    return { href: (await carte.snapshot()).href, ...size, bar };
  } finally {
    carte.destroy();
    container.remove();
  }
}
