/**
 * What the machine does whatever its page-table scheme and file system: one suite, run for each of them.
 *
 * Everything is told in pages, so that 32 bytes do as well as 4 KiB; every call is followed by the check of all invariants. The
 * tiny scheme has 64 frames in all: nothing here may need more.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import { Machine, type Process } from '../../../src/index.ts';
import { addressBits, type PageTableScheme } from '../../../src/scheme.ts';

const RW = F.PROT_READ | F.PROT_WRITE;
const ANON = F.MAP_PRIVATE | F.MAP_ANONYMOUS;

/** What an action threw: `SIGSEGV/1` for a signal and its code, an errno's name, or nothing. */
function thrown(action: () => unknown): string {
  try {
    action();
    return 'nothing';
  } catch (error) {
    const { code, signal } = error as { code: number | string; signal?: number };
    if (signal === undefined) return String(code);
    return `${signal === F.SIGSEGV ? 'SIGSEGV' : signal === F.SIGBUS ? 'SIGBUS' : signal}/${code}`;
  }
}

const MAPERR = `SIGSEGV/${F.SEGV_MAPERR}`;
const ACCERR = `SIGSEGV/${F.SEGV_ACCERR}`;
const ADRERR = `SIGBUS/${F.BUS_ADRERR}`;

export function machineSuite(scheme: PageTableScheme, fs: 'tmpfs' | 'ext4'): void {
  const page = 2 ** scheme.pageShift;
  const controlsExecution = scheme.bits.noExecute >= 0 || scheme.bits.executable >= 0;
  let machine: Machine;
  let process: Process;

  beforeEach(() => {
    const ram = Math.min(256, 2 ** scheme.frameBits) * page;
    machine = new Machine({ scheme, fs, ram, invariants: 2, disk: { blocks: 256 } });
    process = machine.spawn();
    for (const signal of [F.SIGSEGV, F.SIGBUS]) process.sigaction(signal, () => 'abandon');
  });

  /** How much a counter of /proc/vmstat grows while `action` runs. */
  function growth(counter: string, action: () => unknown): number {
    const before = machine.vmstat()[counter] as number;
    action();
    return (machine.vmstat()[counter] as number) - before;
  }

  function anonymous(pages: number, prot = RW, of = process): number {
    return of.mmap(0, pages * page, prot, ANON);
  }

  /** A file of `pages` pages, each full of its number plus one, and the descriptor. */
  function file(pages: number, of = process): number {
    const fd = of.open('file', F.O_RDWR | F.O_CREAT);
    for (let i = 0; i < pages; i++) of.pwrite(fd, new Uint8Array(page).fill(i + 1), i * page);
    return fd;
  }

  function mapFile(fd: number, pages: number, flags: number, prot = RW, of = process): number {
    return of.mmap(0, pages * page, prot, flags, fd, 0);
  }

  describe('anonymous memory', () => {
    test('reads as zeros from one shared page, at no frame of its own', () => {
      const start = anonymous(4);
      process.load8(start);
      const used = growth('nr_free_pages', () => {
        for (let i = 0; i < 4; i++) expect(process.load8(start + i * page + i)).toBe(0);
      });
      expect(used).toBe(0);
      expect(process.minorFaults).toBe(4);
    });

    test('takes a zeroed frame at the first store to each page', () => {
      const start = anonymous(3);
      process.store8(start, 1);
      expect(growth('nr_free_pages', () => process.store8(start + page, 2))).toBe(-1);
      expect(growth('nr_free_pages', () => process.store8(start + page + 1, 3))).toBe(0);
      expect([...process.copyIn(start + page, 3)]).toEqual([2, 3, 0]);
      expect(process.load8(start + 2 * page)).toBe(0);
    });

    test('a store after a load replaces the shared page of zeros', () => {
      const start = anonymous(2);
      process.load8(start);
      process.load8(start + page);
      expect(growth('zero_filled', () => process.store8(start + 3, 9))).toBe(1);
      expect([process.load8(start), process.load8(start + 3), process.load8(start + page + 3)]).toEqual([0, 9, 0]);
    });

    test('comes zeroed even from frames that others used', () => {
      const start = anonymous(4);
      process.copyOut(start, new Uint8Array(4 * page).fill(0xff));
      process.munmap(start, 4 * page);
      const again = anonymous(4);
      process.store8(again + page, 1);
      expect([...process.copyIn(again + page, page)]).toEqual([1, ...new Array(page - 1).fill(0)]);
    });

    test('an access may cross from page to page', () => {
      const start = anonymous(2);
      process.store64(start + page - 3, 0x8877665544332211n);
      expect(process.load64(start + page - 3)).toBe(0x8877665544332211n);
      expect(process.load32(start + page - 1)).toBe(0x66554433);
      expect(process.load16(start + page - 1)).toBe(0x4433);
      process.store32(start + page - 2, 0x01020304);
      process.store16(start + page - 1, 0xabcd);
      expect([...process.copyIn(start + page - 2, 4)]).toEqual([0x04, 0xcd, 0xab, 0x01]);
    });

    test('a crossing store whose second page is missing writes nothing', () => {
      const start = anonymous(2);
      process.munmap(start + page, page);
      expect(thrown(() => process.store32(start + page - 2, -1))).toBe(MAPERR);
      expect([...process.copyIn(start + page - 2, 2)]).toEqual([0, 0]);
    });

    test('MAP_POPULATE and mlock leave no fault to come', () => {
      const populated = process.mmap(0, 2 * page, RW, ANON | F.MAP_POPULATE);
      const locked = anonymous(2);
      process.mlock(locked, 2 * page);
      const faults = growth('pgfault', () => {
        for (const start of [populated, locked]) process.copyOut(start, new Uint8Array(2 * page).fill(1));
      });
      expect(faults).toBe(0);
    });
  });

  describe('fork', () => {
    test('shares frames until someone stores', () => {
      const start = anonymous(2);
      process.copyOut(start, new Uint8Array(2 * page).fill(7));
      const child = process.fork();
      expect(growth('cow_copied', () => child.store8(start, 8))).toBe(1);
      expect([process.load8(start), child.load8(start)]).toEqual([7, 8]);
      expect([process.load8(start + page), child.load8(start + page)]).toEqual([7, 7]);
    });

    test('the last owner takes the frame over without a copy', () => {
      const start = anonymous(1);
      process.store8(start, 7);
      const child = process.fork();
      child.store8(start, 8);
      expect(growth('cow_copied', () => process.store8(start, 9))).toBe(0);
      expect([process.load8(start), child.load8(start)]).toEqual([9, 8]);
    });

    test('what the child leaves behind is taken over too', () => {
      const start = anonymous(1);
      process.store8(start, 7);
      const child = process.fork();
      child.load8(start);
      child.exit(3);
      expect(process.wait(child)).toEqual({ exited: true, exitCode: 3, signal: 0 });
      expect(growth('nr_free_pages', () => process.store8(start, 9))).toBe(0);
    });

    test('neither side sees the stores of the other, whoever stores first', () => {
      const start = anonymous(1);
      process.store8(start, 1);
      const child = process.fork();
      const grandchild = child.fork();
      process.store8(start, 2);
      grandchild.store8(start, 4);
      child.store8(start, 3);
      expect([process, child, grandchild].map((one) => one.load8(start))).toEqual([2, 3, 4]);
    });

    test('shared memory stays shared', () => {
      const start = process.mmap(0, page, RW, F.MAP_SHARED | F.MAP_ANONYMOUS);
      const child = process.fork();
      child.store8(start + 1, 5);
      process.store8(start + 2, 6);
      expect([...process.copyIn(start, 4)]).toEqual([0, 5, 6, 0]);
      expect([...child.copyIn(start, 4)]).toEqual([0, 5, 6, 0]);
    });

    test('more processes than address-space tags never see each other', () => {
      const start = anonymous(1);
      process.store8(start, 1);
      for (let i = 2; i < 2 ** scheme.asidBits + 20 && i < 60; i++) {
        const child = process.fork();
        child.store8(start, i);
        expect([process.load8(start), child.load8(start)]).toEqual([1, i]);
        child.exit();
        process.wait(child);
      }
    });
  });

  describe('files', () => {
    test('a private store is for its process alone', () => {
      const fd = file(2);
      const start = mapFile(fd, 2, F.MAP_PRIVATE);
      process.store8(start + 1, 99);
      expect([...process.copyIn(start, 3)]).toEqual([1, 99, 1]);
      expect([...process.pread(fd, 3, 0)]).toEqual([1, 1, 1]);
      process.pwrite(fd, Uint8Array.of(50, 50, 50), 0);
      process.pwrite(fd, Uint8Array.of(60), page);
      expect([...process.copyIn(start, 3)]).toEqual([1, 99, 1]);
      expect(process.load8(start + page)).toBe(60);
    });

    test('a shared store and write() are one', () => {
      const fd = file(2);
      const start = mapFile(fd, 2, F.MAP_SHARED);
      process.store8(start + page, 99);
      expect([...process.pread(fd, 2, page)]).toEqual([99, 2]);
      process.pwrite(fd, Uint8Array.of(77), page + 1);
      expect([...process.copyIn(start + page, 3)]).toEqual([99, 77, 2]);
    });

    test('stores are noticed again after each write-back', () => {
      const fd = file(1);
      const start = mapFile(fd, 1, F.MAP_SHARED);
      for (const value of [10, 20, 30]) {
        process.store8(start, value);
        process.msync(start, page, F.MS_SYNC);
        expect(machine.vmstat()['nr_dirty']).toBe(0);
        process.load8(start);
      }
      process.store8(start, 40);
      expect(machine.vmstat()['nr_dirty']).toBe(fs === 'ext4' ? 1 : 0);
      expect([...process.pread(fd, 1, 0)]).toEqual([40]);
    });

    test('a page wholly past the end is SIGBUS, the tail of the last one zeros', () => {
      const fd = file(1);
      process.ftruncate(fd, page + 5);
      const start = mapFile(fd, 3, F.MAP_SHARED);
      expect(process.load8(start + page + 5)).toBe(0);
      expect(thrown(() => process.load8(start + 2 * page))).toBe(ADRERR);
      expect(thrown(() => process.store8(start + 2 * page, 1))).toBe(ADRERR);
      process.ftruncate(fd, 3 * page);
      expect(process.load8(start + 2 * page)).toBe(0);
    });

    test('shrinking takes pages from every mapping, private copies too', () => {
      const fd = file(3);
      const shared = mapFile(fd, 3, F.MAP_SHARED);
      const copied = mapFile(fd, 3, F.MAP_PRIVATE);
      process.store8(copied + 2 * page, 99);
      process.store8(copied + page, 98);
      process.load8(shared + 2 * page);
      process.ftruncate(fd, page + 2);
      for (const start of [shared, copied]) expect(thrown(() => process.load8(start + 2 * page))).toBe(ADRERR);
      expect([...process.copyIn(shared + page, 3)]).toEqual([2, 2, 0]);
      expect([...process.copyIn(copied + page, 3)]).toEqual([98, 2, 2]);
    });

    test('mappings outlive the descriptor and the name', () => {
      const fd = file(1);
      const start = mapFile(fd, 1, F.MAP_SHARED);
      process.close(fd);
      process.unlink('file');
      process.store8(start, 42);
      expect([...process.copyIn(start, 2)]).toEqual([42, 1]);
      process.munmap(start, page);
      expect(machine.vmstat()['nr_file_pages']).toBe(0);
    });

    test('are read and written through user memory', () => {
      const fd = file(1);
      const start = anonymous(2);
      expect(process.readTo(fd, start + page - 2, 4, 0)).toBe(4);
      expect([...process.copyIn(start + page - 3, 6)]).toEqual([0, 1, 1, 1, 1, 0]);
      expect(process.writeFrom(fd, start + page - 3, 3, page)).toBe(3);
      expect([...process.pread(fd, 9, page)]).toEqual([0, 1, 1]);
      expect(thrown(() => process.readTo(fd, 0, 4, 0))).toBe('EFAULT');
    });
  });

  describe('rights', () => {
    test('a missing one is SEGV_ACCERR', () => {
      const start = anonymous(1, F.PROT_READ);
      process.load8(start);
      expect(thrown(() => process.store8(start, 1))).toBe(ACCERR);
      const closed = anonymous(1, F.PROT_NONE);
      expect(thrown(() => process.load8(closed))).toBe(ACCERR);
    });

    test('PROT_NONE keeps what is there', () => {
      const start = anonymous(3);
      process.copyOut(start, new Uint8Array(3 * page).fill(5));
      process.mprotect(start + page, page, F.PROT_NONE);
      expect(thrown(() => process.load8(start + page))).toBe(ACCERR);
      expect(process.load8(start + 2 * page)).toBe(5);
      process.mprotect(start + page, page, RW);
      expect(process.load8(start + page)).toBe(5);
      process.store8(start + page, 6);
    });

    test('taken away after a store, they are gone at once', () => {
      const start = anonymous(2);
      process.store8(start, 1);
      process.store8(start + page, 1);
      process.mprotect(start, page, F.PROT_READ);
      expect(thrown(() => process.store8(start, 2))).toBe(ACCERR);
      process.store8(start + page, 2);
      expect([process.load8(start), process.load8(start + page)]).toEqual([1, 2]);
      expect(
        process
          .maps()
          .filter((line) => line.start >= start && line.end <= start + 2 * page)
          .map((line) => line.perms),
      ).toEqual(['r--p', 'rw-p']);
    });

    if (controlsExecution) {
      test('fetching needs PROT_EXEC', () => {
        const start = anonymous(1);
        process.store8(start, 0x90);
        expect(thrown(() => process.fetch8(start))).toBe(ACCERR);
        process.mprotect(start, page, F.PROT_READ | F.PROT_EXEC);
        expect(process.fetch8(start)).toBe(0x90);
      });
    } else {
      test('the kernel cannot tell a fetch from a load', () => {
        expect(process.fetch8(anonymous(1))).toBe(0);
        expect(thrown(() => process.fetch8(anonymous(1, F.PROT_NONE)))).toBe(ACCERR);
      });
    }
  });

  describe('handlers', () => {
    test('repair with mprotect and try again', () => {
      const start = anonymous(1, F.PROT_READ);
      const seen: unknown[] = [];
      process.sigaction(F.SIGSEGV, (info) => {
        seen.push([info.signal, info.code, info.address]);
        process.mprotect(start, page, RW);
        return 'retry';
      });
      process.store8(start + 4, 1);
      expect(seen).toEqual([[F.SIGSEGV, F.SEGV_ACCERR, start + 4]]);
      expect(process.load8(start + 4)).toBe(1);
    });

    test('map what was missing, page by page', () => {
      const start = anonymous(4);
      process.munmap(start, 4 * page);
      process.sigaction(F.SIGSEGV, (info) => {
        const at = Number(info.address) - (Number(info.address) % page);
        process.mmap(at, page, RW, ANON | F.MAP_FIXED);
        return 'retry';
      });
      process.store64(start + page - 4, 0x1122334455667788n);
      process.copyOut(start + 2 * page - 1, Uint8Array.of(1, 2));
      expect(process.load64(start + page - 4)).toBe(0x1122334455667788n);
    });

    test('may fault themselves', () => {
      const [first, second] = [anonymous(1, F.PROT_NONE), anonymous(1, F.PROT_NONE)];
      process.sigaction(F.SIGSEGV, (info) => {
        if (info.address === first) process.store8(second, 1);
        process.mprotect(Number(info.address), page, RW);
        return 'retry';
      });
      process.store8(first, 2);
      expect([process.load8(first), process.load8(second)]).toEqual([2, 1]);
    });

    test('without one the process dies of it', () => {
      const child = process.fork();
      child.sigaction(F.SIGSEGV, 'default');
      expect(thrown(() => child.load8(0))).toBe(MAPERR);
      expect(child.alive).toBe(false);
      expect(process.wait(child)).toEqual({ exited: true, exitCode: 0, signal: F.SIGSEGV });
    });
  });

  describe('address spaces', () => {
    test('munmap takes pages and tables away', () => {
      process.load8(anonymous(1));
      const before = machine.vmstat();
      const start = anonymous(6);
      process.copyOut(start, new Uint8Array(6 * page).fill(1));
      process.munmap(start + 2 * page, page);
      expect(thrown(() => process.load8(start + 2 * page))).toBe(MAPERR);
      expect(process.load8(start + 3 * page)).toBe(1);
      process.munmap(start, 6 * page);
      for (const name of ['nr_free_pages', 'nr_page_table_pages']) expect(machine.vmstat()[name]).toBe(before[name]);
    });

    test('the break grows, shrinks and comes back zeroed', () => {
      const start = process.brk(0);
      expect(process.brk(start + 3 * page)).toBe(start + 3 * page);
      process.store8(start + 2 * page, 7);
      expect(process.sbrk(-page)).toBe(start + 3 * page);
      expect(thrown(() => process.load8(start + 2 * page))).toBe(MAPERR);
      process.brk(start + 3 * page);
      expect(process.load8(start + 2 * page)).toBe(0);
      expect(process.brk(machine.config.layout.userEnd)).toBe(start + 3 * page);
      expect(process.maps().find((line) => line.start === start)?.path).toBe('[heap]');
    });

    test('mremap carries pages along', () => {
      const start = anonymous(2);
      process.copyOut(start, new Uint8Array(2 * page).fill(3));
      process.mmap(start + 2 * page, page, F.PROT_READ, ANON | F.MAP_FIXED);
      const free = machine.vmstat()['nr_free_pages'] as number;
      const moved = process.mremap(start, 2 * page, 4 * page, F.MREMAP_MAYMOVE);
      expect(moved).not.toBe(start);
      expect([process.load8(moved), process.load8(moved + 2 * page - 1), process.load8(moved + 3 * page)]).toEqual([
        3, 3, 0,
      ]);
      expect(thrown(() => process.load8(start))).toBe(MAPERR);
      expect(Math.abs((machine.vmstat()['nr_free_pages'] as number) - free)).toBeLessThanOrEqual(2);
    });

    test('MADV_DONTNEED drops, a guard forbids', () => {
      const start = anonymous(2);
      process.copyOut(start, new Uint8Array(2 * page).fill(3));
      process.madvise(start, page, F.MADV_DONTNEED);
      process.madvise(start + page, page, F.MADV_GUARD_INSTALL);
      expect(process.load8(start)).toBe(0);
      expect(thrown(() => process.load8(start + page))).toBe(MAPERR);
      process.madvise(start + page, page, F.MADV_GUARD_REMOVE);
      expect(process.load8(start + page)).toBe(0);
    });

    test('the stack grows to what is touched', () => {
      const { stackTop, stackPages } = machine.config.layout;
      const bottom = stackTop - stackPages * page;
      process.store8(stackTop - 1, 1);
      process.store8(bottom - 2 * page, 2);
      expect(process.maps().at(-1)).toMatchObject({ start: bottom - 2 * page, end: stackTop, path: '[stack]' });
    });

    test('addresses end where the scheme says', () => {
      const end = 2 ** addressBits(scheme);
      const { userEnd } = machine.config.layout;
      expect(process.mmap(userEnd - page, page, RW, ANON | F.MAP_FIXED)).toBe(userEnd - page);
      process.store8(userEnd - 1, 1);
      expect(thrown(() => process.mmap(userEnd, page, RW, ANON | F.MAP_FIXED))).toBe('ENOMEM');
      expect(thrown(() => process.load8(end))).toMatch(/^SIGSEGV/);
      expect(thrown(() => process.load8(-1n))).toMatch(/^SIGSEGV/);
      expect(thrown(() => process.load8(userEnd))).toMatch(/^SIGSEGV/);
    });
  });

  describe('memory that runs out', () => {
    test('kills the process that needs more, and all of it comes back', () => {
      const before = machine.vmstat()['nr_free_pages'] as number;
      const child = process.fork();
      const pages = 300;
      const start = child.mmap(0, pages * page, RW, ANON);
      expect(thrown(() => child.copyOut(start, new Uint8Array(pages * page).fill(1)))).toBe(
        `${F.SIGKILL}/${F.SI_KERNEL}`,
      );
      expect(child.alive).toBe(false);
      expect(process.wait(child)).toMatchObject({ exited: true, signal: F.SIGKILL });
      expect(machine.vmstat()['nr_free_pages']).toBe(before);
      process.store8(anonymous(1), 1);
    });

    test('a move that fails half-way goes back', () => {
      const span = (page * page) / scheme.entryBytes;
      const [from, to] = [8 * span + page, 10 * span - page];
      const outcomes = new Set<string>();
      for (let failing = 0; failing < 6; failing++) {
        process.mmap(from, 2 * page, RW, ANON | F.MAP_FIXED);
        process.store8(from, 5);
        process.store8(from + page, 6);
        machine.failAllocation(failing);
        outcomes.add(thrown(() => process.mremap(from, 2 * page, 2 * page, F.MREMAP_MAYMOVE | F.MREMAP_FIXED, to)));
        machine.failAllocation(-1);
        const starts = process.maps().map((line) => line.start);
        const there = starts.includes(to);
        expect(starts.includes(from)).toBe(!there);
        expect([...process.copyIn(there ? to : from, page + 1)]).toEqual([
          5,
          ...new Array<number>(page - 1).fill(0),
          6,
        ]);
        process.munmap(there ? to : from, 2 * page);
      }
      expect([...outcomes].sort()).toEqual(['ENOMEM', 'nothing']);
    });

    test('no process leaves anything behind', () => {
      const before = machine.vmstat();
      const child = process.fork();
      child.copyOut(anonymous(3, RW, child), new Uint8Array(3 * page).fill(1));
      child.store8(child.mmap(0, page, RW, F.MAP_SHARED | F.MAP_ANONYMOUS), 1);
      const fd = file(2, child);
      child.store8(mapFile(fd, 2, F.MAP_PRIVATE, RW, child), 9);
      child.store8(mapFile(fd, 2, F.MAP_SHARED, RW, child), 9);
      child.unlink('file');
      child.fork().exit();
      child.exit();
      for (const name of ['nr_free_pages', 'nr_page_table_pages', 'nr_file_pages', 'nr_dirty']) {
        expect([name, machine.vmstat()[name]]).toEqual([name, before[name]]);
      }
    });
  });
}
