// Files that are pieces of one (a Shapefile, a GeoPackage that is open elsewhere), sent as one archive, which the server reads.

/** Endings of the files of a Shapefile. */
const SHAPEFILE = ['shp', 'dbf', 'shx', 'prj', 'cpg', 'sbn', 'sbx', 'qix', 'qmd', 'qpj', 'shp.xml'];
const GEOPACKAGE = ['gpkg', 'gpkg-wal', 'gpkg-shm'];

/** The name that the pieces of one file share, and the ending that makes it one; null for any other file. */
function pieceOf(name: string): { stem: string; ending: string; whole: string } | null {
  const lower = name.toLowerCase();
  for (const [whole, endings] of [['shp', SHAPEFILE], ['gpkg', GEOPACKAGE]] as const) {
    const ending = endings.find((e) => lower.endsWith(`.${e}`));
    if (ending) return { stem: `${lower.slice(0, -ending.length - 1)}/${whole}`, ending, whole };
  }
  return null;
}

/** The files as they are sent: the pieces of one become an archive of its name, at the place of the first. */
export async function gathered(files: Iterable<File>): Promise<File[]> {
  const all = [...files];
  const groups = new Map<string, File[]>();
  for (const file of all) {
    const piece = pieceOf(file.name);
    if (piece) groups.set(piece.stem, [...(groups.get(piece.stem) ?? []), file]);
  }
  const out: File[] = [];
  for (const file of all) {
    const piece = pieceOf(file.name);
    const group = piece && groups.get(piece.stem);
    if (!piece || !group || group.length < 2 || !group.some((f) => pieceOf(f.name)?.ending === piece.whole)) out.push(file);
    else if (group[0] === file) out.push(await archive(`${file.name.slice(0, file.name.length - piece.ending.length - 1)}.zip`, group));
  }
  return out;
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32 of ISO 3309, as archives have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

/** A zip archive of files as they are, not compressed (APPNOTE 6.3, §4.3). */
async function archive(name: string, files: readonly File[]): Promise<File> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const index: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const file of files) {
    const data = new Uint8Array(await file.arrayBuffer());
    const label = new Uint8Array(new TextEncoder().encode(file.name));
    // Version 2.0, names in UTF-8, stored, 1 January 1980; then checksum, both sizes, length of the name.
    const facts = (view: DataView, from: number): void => {
      [20, 0x800, 0, 0, 0x21].forEach((v, i) => view.setUint16(from + 2 * i, v, true));
      [crc32(data), data.length, data.length].forEach((v, i) => view.setUint32(from + 10 + 4 * i, v, true));
      view.setUint16(from + 22, label.length, true);
    };
    const head = new DataView(new ArrayBuffer(30));
    head.setUint32(0, 0x04034b50, true);
    facts(head, 4);
    const entry = new DataView(new ArrayBuffer(46));
    entry.setUint32(0, 0x02014b50, true);
    entry.setUint16(4, 20, true);
    facts(entry, 6);
    entry.setUint32(42, at, true);
    parts.push(new Uint8Array(head.buffer), label, data);
    index.push(new Uint8Array(entry.buffer), label);
    at += 30 + label.length + data.length;
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, index.reduce((n, b) => n + b.length, 0), true);
  end.setUint32(16, at, true);
  return new File([...parts, ...index, new Uint8Array(end.buffer)], name, { type: 'application/zip' });
}
