// How the figures are brought up to date after a change: told by the server while it works.
import type { Travaux } from '../api/client';

class Figures {
  working = $state(false);
  error = $state<string | null>(null);
  /** Seconds that the last update took, as read by people; null before the first. */
  took = $state<string | null>(null);
  #source: EventSource | null = null;
  #ends: (() => void)[] = [];

  /** Follows the update of a change; settles once the figures show it. */
  follow(change: number): Promise<void> {
    if (change === 0) return Promise.resolve();
    this.#source?.close();
    this.working = true;
    this.error = null;
    return new Promise((resolve) => {
      const source = new EventSource('/api/travaux');
      this.#source = source;
      // What was followed before has ended when a later change has.
      this.#ends.push(resolve);
      const end = (): void => {
        source.close();
        if (this.#source !== source) return;
        this.working = false;
        for (const settle of this.#ends.splice(0)) settle();
      };
      source.onmessage = (event: MessageEvent<string>) => {
        const told = JSON.parse(event.data) as Travaux;
        if (told.en_cours) return;
        if (told.fait < change) {
          // Another server of the same store does the work; this one will load it within seconds.
          source.close();
          setTimeout(end, 4_000);
          return;
        }
        this.error = told.erreur ?? null;
        this.took = ((told.duree_ms ?? 0) / 1000).toLocaleString('fr-FR', { maximumFractionDigits: 1, minimumFractionDigits: 1 });
        end();
      };
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) end();
      };
    });
  }
}

export const figures = new Figures();
