// The tasks that end on the map or leave it: drawn, compared, printed, sent, projected; in a usual window and on a phone.
import { after, before, describe, test } from 'node:test';
import { walk, WIDTHS } from './hand';
import { COMMUNE, EPCI } from './metier/carte';
import { serve, type Server } from './server';

let server: Server;
before(async () => void (server = await serve()));
after(() => server?.stop());

for (const [width, most] of WIDTHS) {
  describe(`tasks on the map, at ${width} px`, () => {
    for (const [role, tasks] of Object.entries({ epci: EPCI, commune: COMMUNE })) test(`of ${role}`, () => walk(server, role, tasks, width, most));
  });
}
