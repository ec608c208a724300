// The tasks that change something or take a file, on a phone.
import { WIDTHS } from './hand';
import { walks } from './metier/walks';

walks(WIDTHS[1]);
