/**
 * An explanation in sentences: what `Machine.explain` found, for a person to read.
 *
 * Place: pure text over explain.ts; it looks nothing up. One fact a line, addresses in hexadecimal,
 * the order in which the processor and then the kernel would ask.
 */

import type { ExplainedAccess, ExplainedEntry, ExplainedFrame, ExplainedVma, Explanation } from './explain.ts';
import { count, hex } from './flag-words.ts';
import type { FaultAction, SignalReason } from './forecast.ts';
import { FAULT_ACCERR, FAULT_BUS, FAULT_NONCANONICAL } from './vm-fault.ts';

/** The lines of an explanation; the first says whose address it is. */
export function explanationLines(found: Explanation): string[] {
  return [
    `0x${found.va.toString(16)} in process ${found.process} (CPU ${found.cpu}, address space ${found.asid})`,
    `VMA: ${vmaLine(found)}`,
    ...walkLines(found.walk),
    ...found.tlb.map((level) => `TLB level ${level.level}: ${tlbLine(level.entry)}`),
    `frame: ${found.frame === null ? 'none' : frameLine(found.frame, found)}`,
    ...cacheLines(found),
    ...found.accesses.map((access) => `${access.access}: ${accessLine(access, found)}`),
  ];
}

function vmaLine(found: Explanation): string {
  const { vma } = found;
  if (vma === null) return noVmaLine(found);
  const range = `${hex(vma.start)}-${hex(vma.end)} ${vma.perms}`;
  const extra = extraFlags(vma);
  const grows = vma.grows ? ', which grows down to here' : '';
  return `${range}, ${contentsOf(vma)}${extra === '' ? '' : `, ${extra}`}${grows}`;
}

function noVmaLine({ walk, below, above }: Explanation): string {
  if (walk.length === 0) return 'none: this is no address that can be mapped';
  const lower = below === null ? 'nothing is mapped below' : `the mapping below ends at ${hex(below)}`;
  const upper = above === null ? 'nothing is mapped above' : `the mapping above starts at ${hex(above)}`;
  return `none: ${lower}, ${upper}`;
}

function contentsOf(vma: ExplainedVma): string {
  if (vma.fileBytes === null)
    return vma.path === '' ? 'private anonymous memory' : `private anonymous memory ${vma.path}`;
  return `${vma.path} on ${vma.fs} from page ${vma.pgoff} on, file of ${count(vma.fileBytes, 'byte', 'bytes')}`;
}

const SHOWN_IN_PERMS = ['read', 'write', 'exec', 'shared', 'mayread', 'maywrite', 'mayexec', 'mayshare', 'account'];

/** Flags beyond the rights that `rw-p` shows. */
function extraFlags(vma: ExplainedVma): string {
  return vma.flags.filter((flag) => !SHOWN_IN_PERMS.includes(flag)).join(' ');
}

function walkLines(walk: readonly ExplainedEntry[]): string[] {
  if (walk.length === 0) return ['walk: none'];
  return walk.map((entry, place) => `${place === 0 ? 'walk:' : '     '} ${entryLine(entry)}`);
}

/** `PTE[0] at 0x4000 holds 0x25067: frame 0x25, present writable user` */
export function entryLine(entry: Omit<ExplainedEntry, 'table'>): string {
  return `${entry.name}[${entry.index}] at ${hex(entry.pa)} holds ${entry.raw}: ${pointsTo(entry)}`;
}

function pointsTo({ kind, frame, bits }: Pick<ExplainedEntry, 'kind' | 'frame' | 'bits'>): string {
  if (kind === 'empty' || frame === null) return 'empty';
  if (kind === 'table') return `table in frame ${hex(frame)}`;
  if (bits.includes('guard marker')) return 'guard marker';
  if (bits.includes('swapped out')) return `swap slot ${frame}`;
  return `frame ${hex(frame)}, ${kind === 'page' ? '' : 'not present, '}${bits.join(' ')}`;
}

function tlbLine(entry: Explanation['tlb'][number]['entry']): string {
  if (entry === null) return 'no entry';
  const granted = (['load', 'store', 'fetch'] as const).filter((access) => entry[access]);
  return `${hex(entry.pa)}, grants ${granted.join(', ')}`;
}

function frameLine(frame: ExplainedFrame, found: Explanation): string {
  const at = `${hex(frame.pfn)} at ${hex(frame.pa)}`;
  if (frame.isZeroPage) return `${at}, the page of zeros that all processes share`;
  const users = `${count(frame.refcount, 'reference', 'references')}, ${count(frame.mapcount, 'mapping', 'mappings')}`;
  return `${at}, ${frame.flags.join(' ')}; ${users}; ${ownerText(frame, found)}`;
}

function ownerText({ owner }: ExplainedFrame, { cache }: Explanation): string {
  if (owner.kind === 'none') return 'no owner';
  return owner.kind === 'file'
    ? `page ${owner.index} of ${cache?.path ?? 'a file'}`
    : `of anonymous object ${owner.id}`;
}

function cacheLines({ cache }: Explanation): string[] {
  if (cache === null) return [];
  const page = `page ${cache.index} of ${cache.path}`;
  if (cache.beyondEnd) return [`cache: ${page} lies beyond the end of the file`];
  if (cache.pfn === 0) return [`cache: ${page} is not cached`];
  const marks = `${cache.dirty ? 'dirty' : 'clean'}${cache.writeback ? ', under write-back' : ''}`;
  return [`cache: ${page} is in frame ${hex(cache.pfn)}, ${marks}`];
}

function accessLine({ forecast }: ExplainedAccess, found: Explanation): string {
  switch (forecast.kind) {
    case 'tlb-hit':
      return `TLB hit in level ${forecast.level}, physical address ${hex(physical(found, forecast.level))}`;
    case 'walk':
      return `TLB miss, walk of ${count(forecast.entries, 'entry', 'entries')}, no fault`;
    case 'fault':
      return `page fault (${forecast.cost}): ${forecast.grows ? 'the VMA grows, then ' : ''}${ACTIONS[forecast.action]}`;
    case 'signal':
      return `${signalText(forecast.failure)}: ${REASONS[forecast.reason]}`;
  }
}

function physical(found: Explanation, level: 1 | 2): number {
  const base = found.tlb.find((candidate) => candidate.level === level)?.entry?.pa ?? 0;
  return base + Number(found.va % BigInt(found.pageSize));
}

function signalText(failure: number): string {
  if (failure === FAULT_BUS) return 'SIGBUS (BUS_ADRERR)';
  if (failure === FAULT_NONCANONICAL) return 'SIGSEGV (SI_KERNEL)';
  return failure === FAULT_ACCERR ? 'SIGSEGV (SEGV_ACCERR)' : 'SIGSEGV (SEGV_MAPERR)';
}

const REASONS: Readonly<Record<SignalReason, string>> = {
  'no address': 'no user address',
  'no mapping': 'no mapping is here',
  'no right': 'the mapping does not allow it',
  guard: 'a guard marker stands here',
  'beyond the end': 'the page lies beyond the end of the file',
};

const ACTIONS: Readonly<Record<FaultAction, string>> = {
  'map the zero page': 'the shared page of zeros is mapped, read-only',
  'fill a frame with zeros': 'demand zero, a frame of zeros is mapped',
  'map the cached page': 'the page is in the page cache and is mapped',
  'read the page': 'the page is read from the disk and mapped',
  'add a page to the file': 'a page of zeros joins the file and is mapped',
  'copy the page of the file': 'a private copy of the page of the file is mapped',
  'note the store': 'the page is noted as dirty and made writable',
  'take the frame over': 'nobody else uses the frame, it is made writable without a copy',
  'copy the frame': 'copy-on-write, a copy of the frame is mapped',
  'read from swap': 'the page is read from swap and mapped',
  'try again': 'nothing to do, the access is tried again',
};
