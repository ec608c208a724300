// Two maps that move as one.
import type { Map as MapLibre } from 'maplibre-gl';

/** Keeps both maps on the same view, whichever is moved; gives the way to part them. */
export function together(a: MapLibre, b: MapLibre): () => void {
  let leading = false;
  const follow = (from: MapLibre, to: MapLibre) => (): void => {
    // A map that is itself on its way leads: the other's resizing must not stop it.
    if (leading || (to.isMoving() && !from.isMoving())) return;
    leading = true;
    to.jumpTo({ center: from.getCenter(), zoom: from.getZoom() });
    leading = false;
  };
  const [ab, ba] = [follow(a, b), follow(b, a)];
  ab();
  a.on('move', ab);
  b.on('move', ba);
  return () => {
    a.off('move', ab);
    b.off('move', ba);
  };
}
