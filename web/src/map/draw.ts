// The pen: terra-draw over the map, loaded only when a zone is drawn or imported.
import { TerraDraw, TerraDrawCircleMode, TerraDrawFreehandMode, TerraDrawModeUndoRedo, TerraDrawPolygonMode, TerraDrawRectangleMode, TerraDrawSelectMode, TerraDrawSessionUndoRedo } from 'terra-draw';
import type { GeoJSONStoreFeatures, HexColor } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import type { Map as MapLibre } from 'maplibre-gl';
import type { Polygon } from 'geojson';
import { distinctVertices } from '../lib/zones';
import { COLOR } from './layers';

/** Tools of the pen, named as terra-draw's modes; `static` puts it away. */
export type Tool = 'static' | 'polygon' | 'rectangle' | 'circle' | 'freehand' | 'select';

export interface Outline {
  id: string;
  geometrie: Polygon;
  /** Still under the pen. */
  ouvert: boolean;
}

export interface PenOptions {
  map: MapLibre;
  /** All zones after any change; `touched` is the one that moved. */
  onChange: (outlines: Outline[], touched: string | null) => void;
  onFinish: (id: string) => void;
  onSelect: (id: string | null) => void;
  onTool: (tool: Tool) => void;
  onHistory: (canUndo: boolean, canRedo: boolean) => void;
}

const style = {
  fillColor: COLOR.drawn as HexColor,
  fillOpacity: 0.08,
  outlineColor: COLOR.drawn as HexColor,
  outlineWidth: 2.5,
  closingPointColor: COLOR.drawn as HexColor,
  closingPointWidth: 5,
  coordinatePointColor: '#ffffff' as HexColor,
  coordinatePointOutlineColor: COLOR.drawn as HexColor,
  coordinatePointWidth: 3,
  coordinatePointOutlineWidth: 1.5,
};
const EDITABLE = { feature: { draggable: true, coordinates: { midpoints: true, draggable: true, deletable: true } } };

export class Pen {
  readonly #draw: TerraDraw;
  readonly #options: PenOptions;

  constructor(options: PenOptions) {
    this.#options = options;
    this.#draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map: options.map, coordinatePrecision: 7 }),
      modes: [
        new TerraDrawPolygonMode({ styles: style, showCoordinatePoints: true }),
        new TerraDrawRectangleMode({ styles: style, drawInteraction: 'click-move-or-drag' }),
        new TerraDrawCircleMode({ styles: style, drawInteraction: 'click-move-or-drag' }),
        new TerraDrawFreehandMode({ styles: style, drawInteraction: 'click-move-or-drag', minDistance: 8 }),
        new TerraDrawSelectMode({
          flags: { polygon: EDITABLE, rectangle: EDITABLE, circle: { feature: { draggable: true, coordinates: { resizable: 'center' } } }, freehand: { feature: { draggable: true, coordinates: { draggable: true, deletable: true } } } },
          styles: {
            selectedPolygonColor: COLOR.drawn, selectedPolygonFillOpacity: 0.12, selectedPolygonOutlineColor: COLOR.drawn, selectedPolygonOutlineWidth: 3,
            selectionPointColor: '#ffffff', selectionPointOutlineColor: COLOR.drawn, selectionPointWidth: 5, selectionPointOutlineWidth: 2,
            midPointColor: COLOR.drawn, midPointOutlineColor: '#ffffff', midPointWidth: 3, midPointOutlineWidth: 1,
          },
        }),
      ],
      undoRedo: { modeLevel: new TerraDrawModeUndoRedo(), sessionLevel: new TerraDrawSessionUndoRedo() },
    });
    this.#draw.start();
    this.#draw.on('change', (ids, _type, context) => {
      if (context && 'target' in context && context.target === 'properties') return;
      const outlines = this.outlines();
      const touched = ids.map(String).find((id) => outlines.some((o) => o.id === id)) ?? null;
      options.onChange(outlines, touched);
      this.#history();
    });
    this.#draw.on('finish', (id, context) => {
      options.onFinish(String(id));
      // The fresh outline stays in hand, its vertices ready to be moved.
      if (context.action === 'draw') queueMicrotask(() => this.select(String(id)));
    });
    this.#draw.on('select', (id) => options.onSelect(String(id)));
    this.#draw.on('deselect', () => options.onSelect(null));
    this.#draw.on('history', () => this.#history());
  }

  get tool(): Tool {
    return this.#draw.getMode() as Tool;
  }

  setTool(tool: Tool): void {
    this.#draw.setMode(tool);
    this.#options.onTool(tool);
  }

  select(id: string): void {
    if (!this.#draw.hasFeature(id)) return;
    this.#draw.setMode('select');
    this.#draw.selectFeature(id);
    this.#options.onTool('select');
  }

  /** Outlines large enough to be measured, the one under the pen included. */
  outlines(): Outline[] {
    return this.#draw.getSnapshot().flatMap((feature): Outline[] => {
      if (feature.geometry.type !== 'Polygon' || distinctVertices(feature.geometry) < 3) return [];
      return [{ id: String(feature.id), geometrie: feature.geometry, ouvert: feature.properties['currentlyDrawing'] === true }];
    });
  }

  /** Adds an outline with one ring; gives its id, or `null` if the pen can't hold it. */
  add(geometrie: Polygon): string | null {
    const id = String(this.#draw.getFeatureId());
    const feature = { id, type: 'Feature', geometry: geometrie, properties: { mode: 'polygon' } } as GeoJSONStoreFeatures;
    const [result] = this.#draw.addFeatures([feature]);
    return result?.valid ? id : null;
  }

  remove(id: string): void {
    if (!this.#draw.hasFeature(id)) return;
    if (this.tool === 'select') this.setTool('static');
    this.#draw.removeFeatures([id]);
  }

  at(lngLat: [number, number]): string | null {
    const [lng, lat] = lngLat;
    const found = this.#draw.getFeaturesAtLngLat({ lng, lat }, { ignoreSelectFeatures: true });
    return found[0]?.id === undefined ? null : String(found[0].id);
  }

  undo(): void {
    this.#draw.undo();
    this.#history();
  }

  redo(): void {
    this.#draw.redo();
    this.#history();
  }

  #history(): void {
    this.#options.onHistory(this.#draw.canUndo(), this.#draw.canRedo());
  }
}
