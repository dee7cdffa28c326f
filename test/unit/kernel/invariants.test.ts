/** The checker finds what is broken: each rule is broken by hand once, in a machine where everything occurs. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  IPC_PRIVATE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  O_CREAT,
  O_RDWR,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  SHM_DEST,
} from '../../../src/flags.ts';
import { InvariantError, Machine, type Process } from '../../../src/index.ts';
import type { Kernel, KernelParts } from '../../../src/kernel/kernel.ts';
import type { Mm } from '../../../src/kernel/mm.ts';
import { VM_ACCESS } from '../../../src/kernel/vm-flags.ts';
import type { Vma } from '../../../src/kernel/vma.ts';
import { PTE_DIRTY, PTE_EXEC, PTE_WRITE } from '../../../src/mmu/entry-codes.ts';
import {
  FRAME_ANON_EXCLUSIVE,
  FRAME_DIRTY,
  FRAME_FREE,
  FRAME_UPTODATE,
  FRAME_WRITEBACK,
} from '../../../src/mmu/frames.ts';
import { MARK_BLANK, MARK_DIRTY } from '../../../src/pagecache/file-cache.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;

let machine: Machine;
let kernel: Kernel;
let parts: KernelParts;
let process: Process;
let child: Process;
let anonymous: number;
let shared: number;
let code: number;

beforeEach(() => {
  machine = new Machine({ ram: '16M', fs: 'ext4' });
  kernel = (machine as unknown as { readonly kernel: Kernel }).kernel;
  parts = kernel.parts;
  process = machine.spawn();
  const fd = process.open('file', O_RDWR | O_CREAT);
  process.pwrite(fd, new Uint8Array(3 * PAGE).fill(1), 0);
  process.fsync(fd);
  anonymous = process.mmap(0, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
  shared = process.mmap(0, 3 * PAGE, RW, MAP_SHARED, fd, 0);
  code = process.mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
  for (const page of [0, 1]) process.store8(anonymous + page * PAGE, 1);
  child = process.fork();
  child.store8(anonymous, 2);
  process.load8(anonymous + 2 * PAGE);
  for (const page of [0, 1, 2]) process.load8(shared + page * PAGE);
  process.store8(shared, 9);
  process.fetch8(code);
  machine.check();
});

function mm(): Mm {
  return process.task.mm;
}

function vmaAt(va: number): Vma {
  return mm().vmas.containing(va) as Vma;
}

function slotAt(va: number): number {
  return parts.tables.lookup(mm().root, va);
}

function frameAt(va: number): number {
  return parts.tables.frame(slotAt(va));
}

/** The first line of what the checker says. */
function found(): string {
  try {
    machine.check();
    return 'nothing';
  } catch (error) {
    expect(error).toBeInstanceOf(InvariantError);
    return ((error as Error).message.split('\n')[0] as string).replaceAll(/[0-9a-f]{6,}|\d+/g, 'N');
  }
}

describe('of frames', () => {
  test.each<[string, () => void, string | RegExp]>([
    [
      'sole ownership of a page that two have',
      () => parts.frames.set(frameAt(anonymous + PAGE), FRAME_ANON_EXCLUSIVE),
      "frame N: one owner's alone, but N entries name it",
    ],
    ['a mapcount', () => parts.frames.mapcount[frameAt(anonymous + PAGE)]++, 'frame N: mapcount is N, entries found N'],
    ['a reference', () => parts.frames.refcount[frameAt(anonymous + PAGE)]++, 'frame N: refcount is N, users found N'],
    [
      'a frame that is lost',
      () => (parts.frames.refcount[parts.allocator.alloc(0, 1)] = 0),
      /^N frames free and N used of N: some are lost$/,
    ],
    ['the count of free frames', () => parts.allocator['low'].freeFrames++, 'free frames: N counted, N in the lists'],
    [
      'a page table that nobody reaches',
      () => parts.tables.newTable(),
      'N page tables counted, found N: some are lost',
    ],
  ])('%s', (_what, breakIt, sentence) => {
    breakIt();
    expect(found()).toMatch(sentence);
  });
});

test('the largest gap of a node of the VMA tree', () => {
  process.task.mm.vmas['root'].largestGap++;
  expect(() => machine.check()).toThrow('a node of the VMA tree has another largest gap than its VMAs');
});

describe('of entries', () => {
  function rewrite(va: number, change: (flags: number) => number): void {
    const slot = slotAt(va);
    parts.tables.set(slot, parts.tables.frame(slot), change(parts.tables.flags(slot)));
    for (const { mmu } of parts.cpus) mmu.flushAll();
  }

  test.each<[string, () => void, string]>([
    [
      'a right to store that its VMA does not give',
      () => rewrite(code, (flags) => flags | PTE_WRITE),
      'the entry at N (frame N) is writable in a VMA that is not',
    ],
    [
      'a store to what others see too',
      () => rewrite(anonymous + PAGE, (flags) => flags | PTE_WRITE),
      'the entry at N (frame N) is private and writable, but not owned alone',
    ],
    [
      'a stored page that the cache thinks clean',
      () => rewrite(shared + 2 * PAGE, (flags) => flags | PTE_DIRTY),
      'the entry at N (page N of inode N) was or can be stored to, but the page is clean',
    ],
    [
      'a page beyond the end of its file',
      () => vmaAt(shared).file?.inode.setSize(1, 0),
      'the entry at N (page N of inode N) lies beyond the end of the file',
    ],
    [
      'an entry that no VMA knows',
      () => parts.tables.set(parts.tables.ensure(mm().root, 2 ** 30), 5, 1),
      'mm N: an entry at N outside every VMA',
    ],
    [
      'an entry of a frame that does not name its object',
      () => (parts.frames.index[frameAt(anonymous)] = 77),
      'the entry at N (frame N) is not found by reverse mapping',
    ],
    ['the count of a kind of page', () => mm().addRss(1, 1), 'mm N: rss[N] is N, counted N'],
    [
      'an entry of a frame that is free',
      () => parts.frames.set(frameAt(anonymous), FRAME_FREE),
      'the entry at N (frame N) names a free or table frame',
    ],
    [
      'an entry that is present though its VMA gives no right',
      () => {
        process.mprotect(shared, 3 * PAGE, PROT_READ);
        vmaAt(shared).flags &= ~VM_ACCESS;
      },
      'the entry at N (frame N) is present in a VMA without rights',
    ],
  ])('%s', (_what, breakIt, sentence) => {
    breakIt();
    expect(found()).toBe(sentence);
  });
});

describe('of TLBs', () => {
  test('a translation that outlives its entry', () => {
    parts.mapper.remove(mm(), shared + PAGE, slotAt(shared + PAGE));
    expect(found()).toBe('a TLB entry at N without its page-table entry');
  });

  test('a store or a fetch that is no longer granted', () => {
    const slot = slotAt(shared);
    parts.tables.set(slot, parts.tables.frame(slot), parts.tables.flags(slot) & ~PTE_WRITE);
    expect(found()).toBe('a TLB entry at N grants a store that the page table does not');
  });

  test('a fetch that is no longer granted', () => {
    const slot = slotAt(code);
    parts.tables.set(slot, parts.tables.frame(slot), parts.tables.flags(slot) & ~PTE_EXEC);
    expect(found()).toBe('a TLB entry at N grants a fetch that the page table does not');
  });

  test('an address space that is no more', () => {
    mm().asid = 99;
    expect(found()).toBe('a TLB entry of the dead address space N at N');
  });

  test('of either level', () => {
    for (const { mmu } of parts.cpus) mmu.l1.flushAll();
    mm().asid = 99;
    expect(found()).toBe('a TLB entry of the dead address space N at N');
  });
});

describe('of VMAs', () => {
  test.each<[string, () => void, string]>([
    ['an overlap', () => (vmaAt(shared).end += PAGE), 'VMA N-N overlaps the one below'],
    ['an unaligned end', () => (vmaAt(anonymous).end -= 1), 'VMA N-N is empty or unaligned'],
    [
      'a missing place among the mappings of its file',
      () => vmaAt(shared).unlink(),
      "VMA N-N is missing among its file's mappings",
    ],
    ['a missing place in its AnonVma', () => vmaAt(anonymous).unlink(), 'VMA N-N is missing in AnonVma N'],
    ['the pages mapped', () => mm().totalPages++, 'mm N: totalPages is N, counted N'],
    ['the pages locked', () => mm().lockedPages++, 'mm N: lockedPages is N, counted N'],
    ['the pages of data', () => mm().dataPages++, 'mm N: dataPages is N, counted N'],
    ['the pages of code', () => mm().execPages++, 'mm N: execPages is N, counted N'],
    ['the pages of stacks', () => mm().stackPages++, 'mm N: stackPages is N, counted N'],
    [
      'a neighbour that is not there',
      () => ((mm().vmas.first as Vma).prev = vmaAt(shared)),
      'VMA N-N: wrong neighbour below',
    ],
    [
      'an AnonVma that is not in the chain',
      () => (vmaAt(anonymous).chain = []),
      'VMA N-N: its AnonVma is not in its chain',
    ],
  ])('%s', (_what, breakIt, sentence) => {
    breakIt();
    expect(found()).toBe(sentence);
  });
});

describe('of the page cache', () => {
  const cached = (): number => frameAt(shared + 2 * PAGE);

  test.each<[string, () => void, string]>([
    [
      'a frame that does not name its cache',
      () => {
        const pfn = cached();
        process.munmap(shared + 2 * PAGE, PAGE);
        parts.frames.index[pfn] = 1;
      },
      'page N of inode N (frame N): the frame does not name its cache',
    ],
    [
      'a dirty page without its mark',
      () => parts.frames.set(cached(), FRAME_DIRTY),
      'page N of inode N (frame N): dirty true, marked false',
    ],
    [
      'a mark on a clean page',
      () => vmaAt(shared).file?.inode.cache.mark(2, MARK_DIRTY),
      'page N of inode N (frame N): dirty false, marked true',
    ],
    [
      'write-back without its mark',
      () => parts.frames.set(cached(), FRAME_WRITEBACK),
      'page N of inode N (frame N): its mark and its frame differ over write-back',
    ],
    [
      'a page that nobody reads in',
      () => parts.frames.clear(cached(), FRAME_UPTODATE),
      'N requests are in flight for N pages under way',
    ],
    [
      'a good page that is said to be blank',
      () => vmaAt(shared).file?.inode.cache.mark(2, MARK_BLANK),
      'page N of inode N (frame N): blank, but good or dirty',
    ],
    ['the count of pages', () => parts.cache.pages++, 'the page cache counts N pages, found N'],
    ['the count of dirty pages', () => parts.cache.dirtyPages++, 'the page cache counts N dirty pages, found N'],
  ])('%s', (_what, breakIt, sentence) => {
    breakIt();
    expect(found()).toBe(sentence);
  });
});

describe('of holders', () => {
  test.each<[string, () => void, string]>([
    [
      'of a description',
      () => (vmaAt(shared).file as NonNullable<Vma['file']>).refs++,
      "a description of 'file' has N references, found N",
    ],
    [
      'of an inode',
      () => (vmaAt(shared).file as NonNullable<Vma['file']>).inode.opens++,
      'inode N: N open descriptions counted, found N',
    ],
    [
      'of an inode for writing',
      () => (vmaAt(shared).file as NonNullable<Vma['file']>).inode.writableMappings++,
      'inode N: N writable mappings counted, found N',
    ],
    [
      'of an AnonVma',
      () => (vmaAt(anonymous).anonVma as NonNullable<Vma['anonVma']>).numActiveVmas++,
      'AnonVma N: N active VMAs counted, found N',
    ],
    [
      'of an AnonVma by its children',
      () => (vmaAt(anonymous).anonVma as NonNullable<Vma['anonVma']>).numChildren++,
      'AnonVma N: N children counted, found N',
    ],
  ])('the count %s', (_what, breakIt, sentence) => {
    breakIt();
    expect(found()).toBe(sentence);
  });
});

describe('of tasks', () => {
  test.each<[string, () => void, string]>([
    ['users of an address space', () => mm().users++, 'an address space or table of descriptors has N users, not N'],
    [
      'users of a table of descriptors',
      () => process.task.files.users++,
      'an address space or table of descriptors has N users, not N',
    ],
    ['a thread too few', () => process.task.group.threads.pop(), 'process N lists N threads, found N'],
    [
      'a thread of another process',
      () => (process.task.group.threads[0] = child.task),
      'process N lists N threads, found N',
    ],
    [
      'an end that has not come',
      () => (process.task.group.exited = true),
      'process N has ended or not, against its threads',
    ],
    ['a wait at no futex', () => (process.task.waitsFor = 'futex'), 'N tasks are queued at futexes, N wait for one'],
  ])('%s', (_what, breakIt, sentence) => {
    breakIt();
    expect(found()).toBe(sentence);
  });
});

describe('of what is held', () => {
  function attach(): number {
    return process.shmat(process.shmget(IPC_PRIVATE, PAGE, 0o600), 0, 0);
  }

  test.each<[string, () => void, string]>([
    ['pages promised', () => parts.commitments.pages++, 'N pages are committed, counted N'],
    [
      'attachments of a segment',
      () => (vmaAt(attach()).file as unknown as { attachments: { nattch: number } }).attachments.nattch++,
      'segment N: N attached, found N',
    ],
    [
      'a segment that nobody holds any more',
      () => {
        const segment = parts.segments.get(process.shmget(IPC_PRIVATE, PAGE, 0o600)) as { mode: number };
        segment.mode |= SHM_DEST;
      },
      'segment N: removed, and nothing holds it any more',
    ],
    [
      'an inode that nobody holds any more',
      () => {
        const { inode } = vmaAt(shared).file as NonNullable<Vma['file']>;
        parts.inodes.make('regular', inode.fs, 0o600);
      },
      'inode N: nothing holds it any more',
    ],
    [
      'mappings of an inode',
      () => vmaAt(shared).file?.inode.mappings.add(9, 9, vmaAt(shared)),
      'inode N: N mappings kept, found N',
    ],
    [
      'VMAs of an AnonVma',
      () => vmaAt(anonymous).anonVma?.vmas.add(9, 9, vmaAt(anonymous)),
      'AnonVma N: N VMAs kept, found N',
    ],
  ])('%s', (_what, breakIt, sentence) => {
    breakIt();
    expect(found()).toBe(sentence);
  });
});
