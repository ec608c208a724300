// Showing the map to others: full screen, image, print. What is shown is what is on the screen: the legend is read from it.
import { messageOf } from '../api/client';
import { longDate, today } from '../lib/dates';
import { download } from '../lib/download';
import { fileName } from '../lib/format';
import { canvasMeasure, mapPlate, toPng, toSvg, type LegendRow, type PlateText } from '../lib/plate';
import type { Carte } from '../map/carte';
import { data } from './data.svelte';
import { page } from './page.svelte';

export const SECRECY = 'Secret statistique : aucun chiffre n’est donné sous onze ménages, ni ne peut être retrouvé par différence ; un chiffre secret n’est pas un zéro.';

class Show {
  presenting = $state(false);
  /** The map as an image, while the page is being printed. */
  printing = $state<string | null>(null);
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
    const filters = Object.entries(page.filters).flatMap(([id, codes]) => {
      const filter = data.catalogue?.filtres.find((f) => f.id === id);
      return filter ? [`${filter.libelle} : ${filter.modalites.filter((m) => codes.includes(m.code)).map((m) => m.libelle).join(', ')}`] : [];
    });
    const day = longDate(today());
    return {
      title: indicator?.libelle ?? 'mosaïque',
      subtitle: [document.querySelector('.legend .sub')?.textContent ?? '', ...filters].filter(Boolean).join(' · '),
      notes: [
        `Source : ${data.values?.source ?? ''}. Contours : IGN, ANCT. Fond : Natural Earth. mosaïque, ${day}.${data.catalogue?.demonstration ? ' Territoire fictif.' : ''}`,
        ...(indicator?.definition ? [`Définition : ${indicator.definition}`] : []),
        ...(households ? [SECRECY] : []),
      ],
    };
  }

  async image(kind: 'png' | 'svg'): Promise<void> {
    const carte = this.carte;
    if (!carte) return;
    this.error = null;
    try {
      const shot = (kind === 'svg' ? await carte.vectors() : null) ?? (await carte.snapshot());
      const plate = mapPlate(this.text(), shot, legendOnScreen(), canvasMeasure());
      const name = fileName([data.shownIndicator?.libelle ?? 'carte', data.shownScale?.id ?? '', data.vintage?.vague ? `ops-${data.vintage.vague}` : ''], kind);
      download(name, kind === 'svg' ? toSvg(plate) : await toPng(plate), kind === 'svg' ? 'image/svg+xml' : 'image/png');
      this.said = `L’image ${name} est enregistrée.`;
    } catch (fault) {
      this.error = messageOf(fault);
    }
  }

  async print(): Promise<void> {
    const shot = await this.carte?.snapshot();
    this.printing = shot?.href ?? null;
  }
}

export const show = new Show();

/** The legend as it stands on the screen. */
function legendOnScreen(): { sub: string; rows: LegendRow[]; foot: string } {
  const box = document.querySelector('.legend');
  const text = (of: Element | null | undefined, selector: string): string => of?.querySelector(selector)?.textContent?.trim() ?? '';
  // Parts of a label that stand beside each other on the screen.
  const label = (li: Element): string => [...(li.querySelector('.range')?.childNodes ?? [])].map((n) => n.textContent?.trim() ?? '').filter(Boolean).join(', ');
  const rows = [...(box?.querySelectorAll('li') ?? [])].map((li): LegendRow => {
    const swatch = li.querySelector<HTMLElement>('.swatch');
    const kind = !swatch ? (li.querySelector('path') ? 'line' : 'none') : swatch.classList.contains('hatch') ? 'hatch' : swatch.classList.contains('dot') ? 'dot' : 'fill';
    const color = kind === 'line' ? '#16243f' : kind === 'hatch' ? '#d9d9d6' : swatch ? getComputedStyle(swatch).backgroundColor : '#ffffff';
    const reference = text(li, '.ref').replace(/\s+/g, ' ');
    return { kind, color, label: label(li), count: text(li, '.n'), ...(reference ? { reference } : {}) };
  });
  return { sub: 'Légende', rows, foot: text(box, '.foot') };
}
