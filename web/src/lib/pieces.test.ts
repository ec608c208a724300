import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc32, gathered } from './pieces';

const file = (name: string, text = name): File => new File([text], name);
const names = async (...list: string[]): Promise<string[]> => (await gathered(list.map((n) => file(n)))).map((f) => f.name);

test('the pieces of a Shapefile become one archive, the others stay', async () => {
  expect(await names('a.csv', 'QPV.shp', 'QPV.dbf', 'qpv.PRJ', 'b.gpkg')).toEqual(['a.csv', 'QPV.zip', 'b.gpkg']);
  expect(await names('x.shp', 'x.dbf', 'y.shp', 'y.dbf', 'x.cpg')).toEqual(['x.zip', 'y.zip']);
  expect(await names('z.gpkg', 'z.gpkg-wal')).toEqual(['z.zip']);
  // Without its .shp, or alone, a piece is sent as it is: the server says what is missing.
  expect(await names('x.dbf', 'x.prj', 'y.shp', 'z.gpkg')).toEqual(['x.dbf', 'x.prj', 'y.shp', 'z.gpkg']);
});

test('the archive is one that others read', async () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  const pieces = [file('é.shp', 'contours'), file('é.dbf', 'x'.repeat(70_000))];
  const [zip] = await gathered(pieces);
  const folder = mkdtempSync(join(tmpdir(), 'pieces-'));
  try {
    writeFileSync(join(folder, 'a.zip'), new Uint8Array(await zip!.arrayBuffer()));
    execFileSync('python3', ['-c', 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])', join(folder, 'a.zip'), folder]);
    expect(readFileSync(join(folder, 'é.shp'), 'utf8')).toBe('contours');
    expect(readFileSync(join(folder, 'é.dbf')).length).toBe(70_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
