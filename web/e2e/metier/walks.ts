// The tasks that change something or take a file, walked to their end as each role, in one window: those that look are in `taches.spec.ts`, those on
// the map in `taches-carte.spec.ts`. Each window has a server on a copy of the store: what one walk changes, the other does not see.
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { walk, type Task, type WIDTHS } from '../hand';
import { serve, type Server } from '../server';
import { ADMINISTRATEUR } from './administration';
import { BAILLEUR } from './bailleur';
import { EPCI } from './epci';
import { DDETS } from './etat';
import { FILES } from './files';

/** The lessor first: the State answers what it said, the EPCI decides of what it proposed. */
const TASKS: Record<string, Task[]> = { bailleur: BAILLEUR, epci: EPCI, ddets: DDETS, administrateur: ADMINISTRATEUR };

export function walks([width, most]: (typeof WIDTHS)[number]): void {
  describe(`tasks that change something, at ${width} px`, () => {
    let server: Server;
    before(async () => {
      server = await serve({ copy: true });
      // What is declared is kept beside the accounts, which each server has of its own.
      server.run('admin', 'flux', join(FILES, 'declares', 'flux'));
    });
    after(() => server?.stop());
    for (const [role, tasks] of Object.entries(TASKS)) test(`of ${role}`, () => walk(server, role, tasks, width, most));
  });
}
