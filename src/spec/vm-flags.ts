/**
 * What is remembered of a mapping besides its place: Linux's VM_ flags.
 *
 * The names are the kernel's; the values are this folder's own. Two mappings are one only if all of
 * these agree, so what matters here is which call sets which flag, whether or not the flag does
 * anything else. Source: Linux include/linux/mm.h.
 */

import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../flags.ts';

// What may be done now, and what mprotect may allow later. VM_READ is PROT_READ, and so on.
export const VM_READ = 1 << 0;
export const VM_WRITE = 1 << 1;
export const VM_EXEC = 1 << 2;
export const VM_MAYREAD = 1 << 3;
export const VM_MAYWRITE = 1 << 4;
export const VM_MAYEXEC = 1 << 5;

/** Stores go to the object. MAP_SHARED of a descriptor that is not writable has MAYSHARE alone. */
export const VM_SHARED = 1 << 6;
/** MAP_SHARED was asked for: the `s` of /proc/PID/maps. */
export const VM_MAYSHARE = 1 << 7;

export const VM_GROWSDOWN = 1 << 8;
export const VM_LOCKED = 1 << 9;
export const VM_LOCKONFAULT = 1 << 10;

/** Its size counts as committed memory: private and writable, now or once. */
export const VM_ACCOUNT = 1 << 11;
/** MAP_NORESERVE: never counts. */
export const VM_NORESERVE = 1 << 12;

/** MAP_SYNC, even where it does nothing. */
export const VM_SYNC = 1 << 13;
export const VM_DROPPABLE = 1 << 14;

// Left by madvise. MAP_STACK is NOHUGEPAGE.
export const VM_SEQ_READ = 1 << 15;
export const VM_RAND_READ = 1 << 16;
export const VM_DONTCOPY = 1 << 17;
export const VM_WIPEONFORK = 1 << 18;
export const VM_DONTDUMP = 1 << 19;
export const VM_MERGEABLE = 1 << 20;
export const VM_HUGEPAGE = 1 << 21;
export const VM_NOHUGEPAGE = 1 << 22;

/** mseal */
export const VM_SEALED = 1 << 23;

/** Has had guards (MADV_GUARD_INSTALL). */
export const VM_MAYBE_GUARD = 1 << 24;
/** Keeps no mappings apart; what they become has it if one of them had. */
export const VM_STICKY = VM_MAYBE_GUARD;
/** Of a System V segment, which counts its mappings. */
export const VM_ATTACHED = 1 << 25;
/** Of huge pages: never joined with others, nor cut inside one. */
export const VM_HUGETLB = 1 << 26;

export const VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;
export const VM_MAY_FLAGS = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
export const VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;

/** VM_MAYREAD is VM_READ shifted by this, and so on. */
const MAY_SHIFT = 3;

/** The access flags of PROT_ bits; other bits count for nothing. */
export function accessFlags(prot: number): number {
  return prot & (PROT_READ | PROT_WRITE | PROT_EXEC);
}

/** Whether each right in `flags` is one that the mapping may have. */
export function mayHaveRights(flags: number): boolean {
  return (flags & VM_ACCESS_FLAGS & ~(flags >> MAY_SHIFT)) === 0;
}

/** What RLIMIT_DATA counts: private, writable, and no stack. */
export function isData(flags: number): boolean {
  return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) === VM_WRITE;
}

/** What is charged against memory when it is made: private and writable, unless told not to. Huge pages are there already. */
export function isAccountable(flags: number): boolean {
  return (flags & (VM_WRITE | VM_SHARED | VM_NORESERVE | VM_HUGETLB)) === VM_WRITE;
}
