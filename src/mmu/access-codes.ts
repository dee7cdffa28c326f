/**
 * Kinds of access, what each needs of a leaf and leaves in it, and the error code of one that is refused.
 *
 * Place: the words between the MMU and the kernel's fault handler.
 * Source: Intel SDM 3A 4.6 (rights), 4.7 (error code), 4.8 (accessed and dirty).
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_EXEC, PTE_PRESENT, PTE_USER, PTE_WRITE } from './entry-codes.ts';

export const ACCESS_READ = 0;
export const ACCESS_WRITE = 1;
export const ACCESS_EXEC = 2;

/** Rights that a leaf must have, and marks that it has after the access, indexed by ACCESS_*. */
export const NEEDED = [PTE_USER, PTE_USER | PTE_WRITE, PTE_USER | PTE_EXEC] as const;
export const MARKS = [PTE_ACCESSED, PTE_ACCESSED | PTE_DIRTY, PTE_ACCESSED] as const;

/** Flags of a leaf that a load leaves as it is. */
export const READY = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

/** Flags of a leaf that a store leaves as it is. */
export const WRITABLE = PTE_WRITE | PTE_DIRTY;

/** Error-code bits of a page fault. */
export const FAULT_PRESENT = 1;
export const FAULT_WRITE = 2;
export const FAULT_USER = 4;
export const FAULT_EXEC = 16;
