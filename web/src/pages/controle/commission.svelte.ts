// A whole commission: the file, what the check says of it, and its download. The file stays in memory only.
import { api, fileBody, messageOf, read, type Commission } from '../../api/client';
import { textOf } from '../../lib/decode';

const PATH = '/api/attributions/controle/csv';
const sent = (body: string, format: 'json' | 'csv') => ({ params: { query: { format } }, ...fileBody(body) });

class Files {
  name = $state('');
  answer = $state.raw<Commission | null>(null);
  error = $state<string | null>(null);
  busy = $state(false);
  #text = '';

  async take(file: File): Promise<void> {
    this.busy = true;
    this.error = null;
    this.answer = null;
    try {
      this.name = file.name;
      this.#text = textOf(await file.arrayBuffer());
      const answer = await read(api.POST(PATH, sent(this.#text, 'json')));
      // Asked as JSON, it is not a text.
      this.answer = typeof answer === 'string' ? null : answer;
    } catch (fault) {
      this.error = messageOf(fault);
    } finally {
      this.busy = false;
    }
  }

  /** The result as a CSV, one line a file and rule; null when it cannot be had. */
  async csv(): Promise<string | null> {
    this.error = null;
    try {
      return String(await read(api.POST(PATH, { ...sent(this.#text, 'csv'), parseAs: 'text' })));
    } catch (fault) {
      this.error = messageOf(fault);
      return null;
    }
  }
}

export const files = new Files();
