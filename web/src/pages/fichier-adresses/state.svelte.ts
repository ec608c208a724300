// A file of addresses on its way: read here, searched in the address base, placed; nothing of it is kept.
import { api, fileBody, messageOf, read } from '../../api/client';
import { addressColumns, hasPoints, judged, placedOf, sheetOf, write, type Placed, type Sheet } from '../../lib/addresses';
import { textOf } from '../../lib/decode';

/** The address service takes no more (`POST /search/csv`). */
export const MOST_ROWS = 100_000;
const MOST_BYTES = 10_000_000;

class AddressFile {
  name = $state('');
  sheet = $state.raw<Sheet | null>(null);
  /** Titles of the columns that make an address. */
  columns = $state.raw<readonly string[]>([]);
  busy = $state<'' | 'lecture' | 'adresses' | 'quartiers'>('');
  error = $state<string | null>(null);
  /** The file with its answers, and what they say. */
  answer = $state.raw<Sheet | null>(null);
  generations = $state.raw<string[]>([]);
  placed = $state.raw<Placed[]>([]);

  get placedByFile(): boolean {
    return this.sheet !== null && hasPoints(this.sheet.titles);
  }

  async take(file: File): Promise<void> {
    [this.name, this.sheet, this.answer, this.placed, this.error] = [file.name, null, null, [], null];
    if (/\.(xlsx?|ods)$/i.test(file.name)) return this.#refuse('Ce fichier est un classeur : enregistrez la feuille au format CSV, puis choisissez-le.');
    if (file.size > MOST_BYTES) return this.#refuse('Ce fichier a plus de 10 Mo : découpez-le.');
    this.busy = 'lecture';
    try {
      const text = textOf(await file.arrayBuffer());
      if (/^(%PDF|PK\u0003\u0004|\s*[{[<])|\0/.test(text.slice(0, 2000))) return this.#refuse('Ce fichier n’est pas un tableau en texte (CSV) : choisissez un fichier d’une adresse par ligne.');
      const sheet = sheetOf(text);
      if (sheet.rows.length === 0) return this.#refuse('Ce fichier n’a aucune ligne sous ses titres : il faut une ligne de titres, puis une adresse par ligne.');
      if (sheet.rows.length > MOST_ROWS) return this.#refuse(`Ce fichier a plus de ${MOST_ROWS.toLocaleString('fr-FR')} lignes : découpez-le.`);
      this.sheet = sheet;
      this.columns = addressColumns(sheet.titles);
    } catch (fault) {
      this.error = messageOf(fault);
    } finally {
      this.busy = '';
    }
  }

  #refuse(why: string): void {
    this.error = why;
    this.busy = '';
  }

  toggle(title: string): void {
    // In the order of the file.
    this.columns = this.sheet?.titles.filter((t) => (t === title ? !this.columns.includes(t) : this.columns.includes(t))) ?? [];
  }

  async search(): Promise<void> {
    const { sheet, columns } = this;
    if (!sheet) return;
    this.error = this.answer = null;
    try {
      let located = sheet;
      if (!this.placedByFile) {
        this.busy = 'adresses';
        const form = new FormData();
        form.append('data', new Blob([write(sheet)], { type: 'text/csv' }), 'adresses.csv');
        for (const column of columns) form.append('columns', column);
        form.append('delimiter', sheet.delimiter);
        const found = await read(api.POST('/search/csv', { body: form as never, bodySerializer: (b: unknown) => b as FormData, parseAs: 'text' }));
        located = judged(sheetOf(found as unknown as string));
      }
      this.busy = 'quartiers';
      const said = await read(api.POST('/api/situation', { ...fileBody(write(located)), parseAs: 'text' }));
      const answer = sheetOf(said as unknown as string);
      const { generations, placed } = placedOf(answer, this.placedByFile ? sheet.titles.slice(0, 3) : columns);
      [this.answer, this.generations, this.placed] = [answer, generations, placed];
    } catch (fault) {
      this.error = messageOf(fault);
    } finally {
      this.busy = '';
    }
  }

  /** The file with the answers, for a spreadsheet. */
  csv(): string {
    return this.answer ? `\ufeff${write(this.answer)}` : '';
  }
}

export const addressFile = new AddressFile();
