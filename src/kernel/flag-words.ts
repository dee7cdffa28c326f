/**
 * Words for the bits that explanations show: entries, error codes, VMAs, frames.
 *
 * Place: explain.ts and narrate.ts turn what the machine did into text with these; nothing here is
 * read while the machine works. Lists are in the order in which people read them, not of the bits.
 */

import { ACCESS_READ, ACCESS_WRITE, FAULT_EXEC, FAULT_PRESENT, FAULT_USER, FAULT_WRITE } from '../mmu/access-codes.ts';
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_GUARD,
  PTE_PRESENT,
  PTE_PROT_NONE,
  PTE_SWAP,
  PTE_USER,
  PTE_WRITE,
} from '../mmu/entry-codes.ts';
import {
  FRAME_ACTIVE,
  FRAME_ANON,
  FRAME_ANON_EXCLUSIVE,
  FRAME_DIRTY,
  FRAME_FILE,
  FRAME_FREE,
  FRAME_LAZY_FREE,
  FRAME_POISONED,
  FRAME_READAHEAD,
  FRAME_REFERENCED,
  FRAME_RESERVED,
  FRAME_SWAP_BACKED,
  FRAME_TABLE,
  FRAME_TAIL,
  FRAME_UPTODATE,
  FRAME_WRITEBACK,
} from '../mmu/frames.ts';
import {
  VM_ACCOUNT,
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DONTEXPAND,
  VM_DROPPABLE,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_HUGEPAGE,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_RAND_READ,
  VM_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_SHARED,
  VM_SPECIAL_MAPPING,
  VM_WIPEONFORK,
  VM_WRITE,
} from './vm-flags.ts';

type WordList = readonly (readonly [number, string])[];

const ENTRY_WORDS: WordList = [
  [PTE_PRESENT, 'present'],
  [PTE_WRITE, 'writable'],
  [PTE_USER, 'user'],
  [PTE_ACCESSED, 'accessed'],
  [PTE_DIRTY, 'dirty'],
  [PTE_PROT_NONE, 'no access allowed'],
  [PTE_SWAP, 'swapped out'],
  [PTE_GUARD, 'guard marker'],
];

const VMA_WORDS: WordList = [
  [VM_READ, 'read'],
  [VM_WRITE, 'write'],
  [VM_EXEC, 'exec'],
  [VM_SHARED, 'shared'],
  [VM_MAYREAD, 'mayread'],
  [VM_MAYWRITE, 'maywrite'],
  [VM_MAYEXEC, 'mayexec'],
  [VM_MAYSHARE, 'mayshare'],
  [VM_GROWSDOWN, 'growsdown'],
  [VM_LOCKED, 'locked'],
  [VM_LOCKONFAULT, 'lockonfault'],
  [VM_SEQ_READ, 'sequential'],
  [VM_RAND_READ, 'random'],
  [VM_DONTCOPY, 'dontcopy'],
  [VM_DONTEXPAND, 'dontexpand'],
  [VM_ACCOUNT, 'account'],
  [VM_NORESERVE, 'noreserve'],
  [VM_WIPEONFORK, 'wipeonfork'],
  [VM_DONTDUMP, 'dontdump'],
  [VM_HUGEPAGE, 'hugepage'],
  [VM_NOHUGEPAGE, 'nohugepage'],
  [VM_MERGEABLE, 'mergeable'],
  [VM_SEALED, 'sealed'],
  [VM_DROPPABLE, 'droppable'],
  [VM_SPECIAL_MAPPING, 'special'],
];

const FRAME_WORDS: WordList = [
  [FRAME_FREE, 'free'],
  [FRAME_RESERVED, 'reserved'],
  [FRAME_TABLE, 'page table'],
  [FRAME_ANON, 'anonymous'],
  [FRAME_ANON_EXCLUSIVE, 'exclusive'],
  [FRAME_FILE, 'file'],
  [FRAME_SWAP_BACKED, 'swap-backed'],
  [FRAME_UPTODATE, 'uptodate'],
  [FRAME_DIRTY, 'dirty'],
  [FRAME_WRITEBACK, 'writeback'],
  [FRAME_REFERENCED, 'referenced'],
  [FRAME_ACTIVE, 'active'],
  [FRAME_TAIL, 'tail of a folio'],
  [FRAME_READAHEAD, 'readahead'],
  [FRAME_POISONED, 'poisoned'],
  [FRAME_LAZY_FREE, 'lazily free'],
];

function wordsOf(list: WordList, flags: number): string[] {
  return list.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word);
}

/** `0x1f`; exact up to 2^53. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Bits of a page-table entry (PTE_*); a present one says too whether it may be executed. */
export function entryWords(flags: number): string[] {
  const words = wordsOf(ENTRY_WORDS, flags);
  if (flags & PTE_PRESENT) words.push(flags & PTE_EXEC ? 'executable' : 'no-execute');
  return words;
}

export function vmaWords(flags: number): string[] {
  return wordsOf(VMA_WORDS, flags);
}

export function frameWords(flags: number): string[] {
  return wordsOf(FRAME_WORDS, flags);
}

/** `rwxs`, as /proc/PID/maps shows the flags of a VMA. */
export function rightsOf(flags: number): string {
  return `${flags & VM_READ ? 'r' : '-'}${flags & VM_WRITE ? 'w' : '-'}${flags & VM_EXEC ? 'x' : '-'}${flags & VM_MAYSHARE ? 's' : 'p'}`;
}

/** ACCESS_* as a word. */
export function accessWord(access: number): 'load' | 'store' | 'fetch' {
  return access === ACCESS_READ ? 'load' : access === ACCESS_WRITE ? 'store' : 'fetch';
}

/** The error code of a page fault, bit by bit. */
export function errorCodeWords(code: number): string[] {
  return [
    code & FAULT_PRESENT ? 'page present, right missing' : 'page not present',
    code & FAULT_WRITE ? 'store' : code & FAULT_EXEC ? 'instruction fetch' : 'load',
    code & FAULT_USER ? 'user mode' : 'kernel mode',
  ];
}

const TABLE_NAMES: Readonly<Record<number, readonly string[]>> = {
  1: ['PTE'],
  2: ['PGD', 'PTE'],
  3: ['PGD', 'PMD', 'PTE'],
  4: ['PGD', 'PUD', 'PMD', 'PTE'],
  5: ['PGD', 'P4D', 'PUD', 'PMD', 'PTE'],
};

/** Linux's names of the entries of each level, root first. */
export function tableNames(levels: number): readonly string[] {
  return TABLE_NAMES[levels] ?? Array.from({ length: levels }, (_, level) => `level ${levels - level}`);
}

/** `1 page`, `3 pages`, `2 page-table entries`. */
export function count(amount: number, one: string, many: string): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
