// A « dossier »: maps, tables and pages that someone gathered, as one file that opens anywhere and asks nothing of anyone.

/** Where a browser keeps it. */
export const DOSSIER_BASE = 'mosaique.dossier';

export type Block =
  | { kind: 'titre'; text: string }
  | { kind: 'texte'; text: string }
  /** Pixels or a drawing, as a data address; its name goes where it goes. */
  | { kind: 'image'; src: string; alt: string; title?: string }
  /** Rows of text; `numeric` columns stand on the right. */
  | { kind: 'table'; head: string[]; rows: string[][]; numeric: boolean[] };

export interface Piece {
  id: string;
  title: string;
  subtitle: string;
  /** What its gatherer wrote below it. */
  comment: string;
  /** The address of the page that it was taken from, without the host. */
  from: string;
  /** The day that it was taken, `2026-11-28`. */
  day: string;
  blocks: Block[];
}

export interface Dossier {
  title: string;
  pieces: Piece[];
  /** Whose rights the figures were read with. */
  reader: string;
  demonstration: boolean;
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = `:root{font:15px/1.45 'Source Sans 3','Source Sans Pro','Noto Sans',Arial,sans-serif;color:#1d2b36}
body{max-width:1060px;margin:0 auto;padding:32px 24px 60px}h1{font-size:2rem;line-height:1.15;margin:0 0 6px}h2{font-size:1.4rem;margin:0;color:#14536b}h3{font-size:1.05rem;margin:18px 0 4px}
p{margin:4px 0}.quiet{color:#4c5b66}nav ol{padding-left:20px}nav a{color:#14536b}section{margin-top:36px;padding-top:18px;border-top:2px solid #14536b}
.comment{margin:12px 0;padding:8px 14px;border-left:4px solid #14536b;background:#f5f6f6;white-space:pre-line}img{max-width:100%;height:auto;margin:10px 0}
figure{display:inline-block;max-width:100%;margin:12px 16px 12px 0;vertical-align:top}figcaption{font-weight:600}figure img{margin:2px 0;display:block}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:8px 0;font-size:.92rem;font-variant-numeric:lining-nums tabular-nums}th,td{padding:4px 10px 4px 0;border-bottom:1px solid #dfe3e5;text-align:left;vertical-align:top}
thead th{border-bottom-color:#1d2b36;vertical-align:bottom}.num{text-align:right}footer{margin-top:36px;padding-top:10px;border-top:1px solid #c6cdd1;color:#4c5b66;font-size:.9rem}
@media print{@page{size:A4 landscape;margin:12mm}body{max-width:none;padding:0;orphans:1;widows:1}.wide{overflow:visible}section{break-before:page;margin-top:0;border:0;padding-top:0}img{max-height:165mm;max-width:100%}tr,img,figure{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}table{font-size:9pt}}`;

function blockHtml(block: Block): string {
  if (block.kind === 'titre') return `<h3>${escape(block.text)}</h3>`;
  if (block.kind === 'texte') return `<p>${escape(block.text)}</p>`;
  // Only what the file itself holds.
  if (block.kind === 'image') {
    const image = /^data:image\/(png|jpeg|svg\+xml)[;,]/.test(block.src) ? `<img src="${escape(block.src)}" alt="${escape(block.alt)}">` : '';
    return image && block.title ? `<figure><figcaption>${escape(block.title)}</figcaption>${image}</figure>` : image;
  }
  const cell = (tag: string) => (text: string, i: number): string => `<${tag}${block.numeric[i] ? ' class="num"' : ''}${tag === 'th' ? ' scope="col"' : ''}>${escape(text)}</${tag}>`;
  const head = block.head.length > 0 ? `<thead><tr>${block.head.map(cell('th')).join('')}</tr></thead>` : '';
  return `<div class="wide"><table>${head}<tbody>${block.rows.map((r) => `<tr>${r.map(cell('td')).join('')}</tr>`).join('\n')}</tbody></table></div>`;
}

/** The whole file; `say` writes a day as people read it. */
export function toHtml(dossier: Dossier, made: string, say: (day: string) => string, notes: readonly string[]): string {
  const piece = (p: Piece, i: number): string =>
    `<section id="piece-${i + 1}"><h2>${i + 1}. ${escape(p.title)}</h2>${p.subtitle ? `<p class="quiet">${escape(p.subtitle)}</p>` : ''}${p.comment ? `<div class="comment">${escape(p.comment)}</div>` : ''}
${p.blocks.map(blockHtml).join('\n')}<p class="quiet">Relevé le ${escape(say(p.day))}.</p></section>`;
  return `<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escape(dossier.title)}</title><style>${STYLE}</style></head><body>
<header><h1>${escape(dossier.title)}</h1><p class="quiet">mosaïque, ${escape(say(made))}${dossier.demonstration ? ' · Territoire fictif' : ''}</p></header>
<nav aria-label="Sommaire"><ol>${dossier.pieces.map((p, i) => `<li><a href="#piece-${i + 1}">${escape(p.title)}</a></li>`).join('')}</ol></nav>
${dossier.pieces.map(piece).join('\n')}
<footer>${[`Chiffres lus avec les droits de : ${dossier.reader}.`, ...notes].map((n) => `<p>${escape(n)}</p>`).join('')}</footer>
</body></html>
`;
}
