// Showing the map to others: full screen, image, print. Each draws the map anew from the page's data, fitted to the territory.
import { messageOf } from '../api/client';
import { longDate, today } from '../lib/dates';
import { download } from '../lib/download';
import { fileName } from '../lib/format';
import { aspectOf, type Box } from '../lib/frame';
import { SECRECY } from '../lib/secrecy';
import { canvasMeasure, MAP_WIDTH, mapPlate, toPng, toSvg, type PlateText } from '../lib/plate';
import type { Carte } from '../map/carte';
import type { Picture } from '../map/picture';
import { data } from './data.svelte';
import { gathered } from './dossier.svelte';
import { page } from './page.svelte';
import { sceneOf } from './scene';

/** Height of a picture for a width of one: a long territory does not make a scroll, a flat one keeps room for its legend. */
const SHAPES = { least: 0.62, most: 1.05 };
/** The map on an A4 sheet, in millimetres (see `PrintSheet`). */
export const PAPER = { width: 193, height: 138 };
/** CSS pixels of a millimetre. */
const MM = 96 / 25.4;

/** « Financement : PLAI », for each filter of the page. */
export const filterWords = (): string[] =>
  Object.entries(page.filters).flatMap(([id, codes]) => {
    const filter = data.catalogue?.filtres.find((f) => f.id === id);
    return filter ? [`${filter.libelle} : ${filter.modalites.filter((m) => codes.includes(m.code)).map((m) => m.libelle).join(', ')}`] : [];
  });
/** What the name of a file of figures says of them; nothing without filters. */
export const filteredName = (): string => (Object.keys(page.filters).length > 0 ? 'filtre' : '');

class Show {
  presenting = $state(false);
  /** The map as an image, while the page is being printed. */
  printing = $state.raw<Picture | null>(null);
  /** What an image shows: all the territory, or what the screen shows. */
  framing = $state<'territoire' | 'vue'>('territoire');
  /** An image is being drawn. */
  drawing = $state(false);
  error = $state<string | null>(null);
  /** What was done, told for a moment. */
  #said = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  carte: Carte | null = null;

  get said(): string {
    return this.#said;
  }

  set said(text: string) {
    this.#said = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#said = ''), 4000);
  }

  present(on: boolean): void {
    if (on === this.presenting) return;
    this.presenting = on;
    // Refused in a frame or by the user's settings: the large type stays.
    if (on) void document.documentElement.requestFullscreen?.().catch(() => undefined);
    else if (document.fullscreenElement) void document.exitFullscreen();
  }

  /** Title, sources and notes of what is on the screen. */
  text(): PlateText {
    const indicator = data.shownIndicator;
    const households = indicator?.domaine !== 'parc';
    const day = longDate(today());
    return {
      title: data.legend?.title ?? indicator?.libelle ?? 'mosaïque',
      subtitle: [data.place, data.legend?.subtitle ?? '', ...filterWords()].filter(Boolean).join(' · '),
      notes: [
        `Source : ${data.values?.source ?? ''}. Contours : IGN, ANCT. Fond : Natural Earth. mosaïque, ${day}.${data.catalogue?.demonstration ? ' Territoire fictif.' : ''}`,
        ...(indicator?.definition ? [`Définition : ${indicator.definition}`] : []),
        ...(households ? [SECRECY] : []),
      ],
    };
  }

  async image(kind: 'png' | 'svg'): Promise<void> {
    const legend = data.legend;
    if (!legend) return;
    await this.#draws(async () => {
      const shot = await this.#picture(kind, (box) => ({ width: MAP_WIDTH, height: Math.round(MAP_WIDTH * Math.min(SHAPES.most, Math.max(SHAPES.least, aspectOf(box)))) }));
      const plate = mapPlate(this.text(), shot, legend, canvasMeasure());
      const name = fileName([data.shownIndicator?.libelle ?? 'carte', data.place, data.shownScale?.id ?? '', data.vintage?.vague ? `ops-${data.vintage.vague}` : ''], kind);
      download(name, kind === 'svg' ? toSvg(plate) : await toPng(plate), kind === 'svg' ? 'image/svg+xml' : 'image/png');
      this.said = `L’image ${name} est enregistrée.`;
    });
  }

  /** Puts the map with its legend and sources into the dossier. */
  async gather(): Promise<void> {
    const legend = data.legend;
    if (!legend) return;
    await this.#draws(async () => {
      const shot = await this.#picture('png', (box) => ({ width: MAP_WIDTH, height: Math.round(MAP_WIDTH * Math.min(SHAPES.most, Math.max(SHAPES.least, aspectOf(box)))) }));
      const text = this.text();
      // One pixel a point: a dossier of forty maps stays a file that one sends.
      const src = await asAddress(await toPng(mapPlate(text, shot, legend, canvasMeasure()), 1));
      await gathered.add({ title: [`${text.title}${data.place ? ` : ${data.place}` : ''}`, `par ${data.shownScale?.libelle.toLowerCase() ?? 'zone'}`, ...filterWords()].join(' · '), subtitle: text.subtitle, from: location.pathname + location.search + location.hash, day: today(), blocks: [{ kind: 'image', src, alt: `Carte : ${text.title}, ${text.subtitle}` }] });
      this.said = 'La carte est ajoutée au dossier.';
    });
  }

  async print(): Promise<void> {
    await this.#draws(async () => {
      this.printing = await this.#picture('png', () => ({ width: Math.round(PAPER.width * MM), height: Math.round(PAPER.height * MM) }));
    });
  }

  /** The map as its own picture; over a base map of another host, what the screen shows of it. */
  async #picture(kind: 'png' | 'svg', sizeOf: (box: Box) => { width: number; height: number }): Promise<Picture> {
    const carte = this.carte;
    const box = this.framing === 'vue' && carte ? carte.extent() : await data.extent();
    if (carte?.overBasemap) return carte.seen();
    const [scene, { picture }] = await Promise.all([sceneOf(), import('../map/picture')]);
    if (!scene) throw new Error('Il n’y a pas encore de chiffres à montrer : attendez que la carte soit remplie.');
    return picture(scene, box, sizeOf(box), kind);
  }

  async #draws(work: () => Promise<void>): Promise<void> {
    this.error = null;
    this.drawing = true;
    try {
      await work();
    } catch (fault) {
      this.error = messageOf(fault);
    } finally {
      this.drawing = false;
    }
  }
}

const asAddress = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error('L’image n’a pas pu être composée.'));
    reader.readAsDataURL(blob);
  });

export const show = new Show();
