// Build of the application: Svelte, and the cartography of ../tiles served under /fond.
import { cpSync, createReadStream, existsSync } from 'node:fs';
import { join, resolve, normalize } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import type { Plugin } from 'vite';

const TILES = join(import.meta.dirname, '..', 'tiles');
/** What the browser needs of ../tiles; the rest (recipe, notes) stays out of the build. */
const SERVED = ['style.json', 'fonts', 'base'];

/** Serves (dev) and copies (build) the style, glyphs and base layers, so that no outside host is ever asked. */
function fond(): Plugin {
  let outDir = 'dist';
  return {
    name: 'fond',
    // The tests of the page make no bundle to copy into.
    apply: () => !process.env['VITEST'],
    configResolved(config) { outDir = resolve(config.root, config.build.outDir); },
    configureServer(server) {
      server.middlewares.use('/fond', (req, res, next) => {
        const path = normalize(decodeURIComponent((req.url ?? '').split('?')[0] ?? ''));
        const file = join(TILES, path);
        if (!file.startsWith(TILES) || !SERVED.includes(path.split('/')[1] ?? '') || !existsSync(file)) return next();
        createReadStream(file).pipe(res);
      });
    },
    closeBundle() {
      for (const name of SERVED) cpSync(join(TILES, name), join(outDir, 'fond', name), { recursive: true });
    },
  };
}

const server = process.env['MOSAIQUE'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte(), fond()],
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 1200 },
  server: { port: 5173, proxy: { '/api': server, '/tiles': server, '/healthz': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
