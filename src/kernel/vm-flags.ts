/**
 * VM_*: the flags of a VMA, Linux's names in numbers of our own that stay below 2^31.
 *
 * Source: Linux include/linux/mm.h.
 */

export const VM_READ = 1 << 0;
export const VM_WRITE = 1 << 1;
export const VM_EXEC = 1 << 2;
export const VM_SHARED = 1 << 3;
export const VM_MAYREAD = 1 << 4;
export const VM_MAYWRITE = 1 << 5;
export const VM_MAYEXEC = 1 << 6;
export const VM_MAYSHARE = 1 << 7;
export const VM_GROWSDOWN = 1 << 8;
export const VM_LOCKED = 1 << 9;
export const VM_LOCKONFAULT = 1 << 10;
export const VM_SEQ_READ = 1 << 11;
export const VM_RAND_READ = 1 << 12;
export const VM_DONTCOPY = 1 << 13;
export const VM_DONTEXPAND = 1 << 14;
export const VM_ACCOUNT = 1 << 15;
export const VM_NORESERVE = 1 << 16;
export const VM_WIPEONFORK = 1 << 17;
export const VM_DONTDUMP = 1 << 18;
export const VM_HUGEPAGE = 1 << 19;
export const VM_NOHUGEPAGE = 1 << 20;
export const VM_MERGEABLE = 1 << 21;
export const VM_SEALED = 1 << 22;
export const VM_DROPPABLE = 1 << 23;
/** Mapped with MAP_SYNC: no effect but that it merges only with its like. */
export const VM_SYNC = 1 << 25;
/** Has had guard markers: fork copies its entries. */
export const VM_MAYBE_GUARD = 1 << 26;
/** Of huge pages from the pool: cut only between them. */
export const VM_HUGETLB = 1 << 27;
/** Kernel pages without frames of their own in the model (vdso, vvar): never merged or grown. */
export const VM_SPECIAL_MAPPING = 1 << 24;

export const VM_ACCESS = VM_READ | VM_WRITE | VM_EXEC;
export const VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;
/** Keeps no VMAs apart; what they merge to has it if one of them had. */
export const VM_STICKY = VM_MAYBE_GUARD;
/** Such a VMA merges with nothing. */
export const VM_SPECIAL = VM_DONTEXPAND | VM_SPECIAL_MAPPING;
