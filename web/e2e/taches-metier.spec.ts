// The tasks that change something or take a file, in a usual window.
import { WIDTHS } from './hand';
import { walks } from './metier/walks';

walks(WIDTHS[0]);
