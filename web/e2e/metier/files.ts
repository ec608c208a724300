// What the walks of tasks that change something take: files of the demonstration, and what another person is told of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from '../server';

export const FILES = process.env['DEMO_FILES'] ?? '../demo/fichiers';
export const csv = (name: string, text: string): { name: string; mimeType: string; buffer: Buffer } => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

/** Header and rows of a file of the demonstration. */
export function table(name: string, keep: (row: Record<string, string>) => boolean, most = Infinity): { head: string; rows: string[] } {
  const [head = '', ...lines] = readFileSync(join(FILES, name), 'utf8').replace(/^\ufeff/, '').split(/\r?\n/).filter(Boolean);
  const titles = head.split(';');
  return { head, rows: lines.filter((l) => keep(Object.fromEntries(l.split(';').map((c, i) => [titles[i] ?? '', c])))).slice(0, most) };
}

/** What the interface answers to someone else than who is at the page; with a body, to what they send. */
export async function told<T>(server: Server, role: string, path: string, body?: unknown): Promise<T> {
  const account = server.accounts.find((a) => a.role === role);
  assert.ok(account, role);
  const headers = { authorization: `Bearer ${server.token(account.courriel)}`, 'content-type': 'application/json' };
  const answer = await fetch(server.base + path, { headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}
