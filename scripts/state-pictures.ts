/**
 * Puts the state pictures into src/kernel/README.md: `npx tsx scripts/state-pictures.ts`. They are drawn from the machine as it
 * runs the stories below; test/unit/kernel/state-pictures.test.ts fails while the README shows others.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as F from '../src/flags.ts';
import { Machine, type Process } from '../src/index.ts';
import { Picture } from '../test/helpers/state-picture.ts';

const BEGIN = '<!-- state pictures: made by scripts/state-pictures.ts -->';
const END = '<!-- end of the state pictures -->';
const README = new URL('../src/kernel/README.md', import.meta.url);
const PAGE = 4096;
const RW = F.PROT_READ | F.PROT_WRITE;

/** Runs one step and draws what is then. */
type Show = (step: string, act: () => unknown, ...others: Process[]) => void;

interface Story {
  readonly title: string;
  readonly fs: 'tmpfs' | 'ext4';
  /** Pages of the file, each full of one letter and written back; 0 for none. */
  readonly filePages: number;
  readonly pages: number;
  readonly flags: number;
  readonly run: (show: Show, process: Process, va: number, fd: number) => void;
}

const STORIES: readonly Story[] = [
  {
    title: 'Anonymous memory',
    fs: 'tmpfs',
    filePages: 0,
    pages: 2,
    flags: F.MAP_PRIVATE | F.MAP_ANONYMOUS,
    run(show, process, va) {
      show('load from page 0: the page of zeros', () => process.load8(va));
      show('store to page 0: a frame of its own', () => process.store8(va, 1));
      show('store to page 1', () => process.store8(va + PAGE, 1));
      show('mprotect(PROT_NONE): kept, invisible to the hardware', () => process.mprotect(va, 2 * PAGE, F.PROT_NONE));
      show('mprotect(rw): own pages are writable at once', () => process.mprotect(va, 2 * PAGE, RW));
      show('madvise(page 0, MADV_DONTNEED)', () => process.madvise(va, PAGE, F.MADV_DONTNEED));
      show('madvise(page 1, MADV_GUARD_INSTALL)', () => process.madvise(va + PAGE, PAGE, F.MADV_GUARD_INSTALL));
    },
  },
  {
    title: 'fork, copy-on-write, takeover',
    fs: 'tmpfs',
    filePages: 0,
    pages: 2,
    flags: F.MAP_PRIVATE | F.MAP_ANONYMOUS,
    run(show, process, va) {
      show('both pages stored to', () => {
        process.store8(va, 1);
        process.store8(va + PAGE, 1);
      });
      const child = process.fork();
      show('fork: nothing copied, both sides read-only', () => {}, child);
      show('child stores to page 0: copied', () => child.store8(va, 2), child);
      show('parent stores to page 0: last owner, taken over', () => process.store8(va, 3), child);
      show('child exits', () => child.exit());
      show('parent stores to page 1: taken over', () => process.store8(va + PAGE, 3));
    },
  },
  {
    title: 'A private mapping of a file',
    fs: 'ext4',
    filePages: 3,
    pages: 3,
    flags: F.MAP_PRIVATE,
    run(show, process, va, fd) {
      show('load from page 1: cached neighbours come along (fault-around)', () => process.load8(va + PAGE));
      show('store to page 2: a copy; the cache keeps its page', () => process.store8(va + 2 * PAGE, 1));
      show('write(2) to pages 1 and 2: the mapping sees the first, not the second', () =>
        process.pwrite(fd, new Uint8Array(2 * PAGE), PAGE),
      );
    },
  },
  {
    title: 'A shared mapping of a file on ext4',
    fs: 'ext4',
    filePages: 2,
    pages: 2,
    flags: F.MAP_SHARED,
    run(show, process, va) {
      show('load from page 0', () => process.load8(va));
      show('store to page 0: noticed by a fault, room is reserved, the page is dirty', () => process.store8(va, 1));
      show('msync(MS_ASYNC): nothing', () => process.msync(va, 2 * PAGE, F.MS_ASYNC));
      show('msync(MS_SYNC): write-protected, cleaned, written, waited for', () =>
        process.msync(va, 2 * PAGE, F.MS_SYNC),
      );
      show('store to page 0: noticed again', () => process.store8(va, 2));
      const child = process.fork();
      show('fork: nothing copied, the child will fault', () => {}, child);
    },
  },
  {
    title: 'Shared anonymous memory',
    fs: 'tmpfs',
    filePages: 0,
    pages: 2,
    flags: F.MAP_SHARED | F.MAP_ANONYMOUS,
    run(show, process, va) {
      show('load from page 0: a page of zeros in the object, clean, writable at once', () => process.load8(va));
      show('store to page 0: no fault; the hardware marks the entry', () => process.store8(va, 1));
      const child = process.fork();
      show('fork', () => {}, child);
      show('child loads from page 0: the same frame', () => child.load8(va), child);
      show('madvise(page 0, MADV_REMOVE)', () => process.madvise(va, PAGE, F.MADV_REMOVE), child);
    },
  },
  {
    title: 'truncate under a private mapping',
    fs: 'ext4',
    filePages: 3,
    pages: 3,
    flags: F.MAP_PRIVATE,
    run(show, process, va, fd) {
      show('page 1 and 2 stored to, page 0 loaded', () => {
        process.store8(va + PAGE, 1);
        process.store8(va + 2 * PAGE, 1);
        process.load8(va);
      });
      show('ftruncate to one page and 100 bytes: the copy of page 1 stays, that of page 2 goes', () =>
        process.ftruncate(fd, PAGE + 100),
      );
      show('ftruncate back to three pages: page 2 is a hole', () => process.ftruncate(fd, 3 * PAGE));
      show('load from page 2', () => process.load8(va + 2 * PAGE));
      show('fallocate(PUNCH_HOLE) of all three: the copy stays', () =>
        process.fallocate(fd, F.FALLOC_FL_PUNCH_HOLE | F.FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE),
      );
    },
  },
];

function draw(story: Story): string[] {
  const process = new Machine({ ram: '8M', fs: story.fs, invariants: 2 }).spawn();
  const fd = story.filePages > 0 ? process.open('/file', F.O_RDWR | F.O_CREAT) : -1;
  for (let page = 0; page < story.filePages; page++)
    process.pwrite(fd, new Uint8Array(PAGE).fill(65 + page), page * PAGE);
  if (fd >= 0) process.fsync(fd);
  const va = process.mmap(0, story.pages * PAGE, RW, story.flags, fd, 0);
  const picture = new Picture(va, story.pages);
  const lines = ['mmap', ...picture.draw(process).map((line) => `    ${line}`)];
  story.run(
    (step, act, ...others) => {
      act();
      lines.push(step, ...picture.draw(process, ...others).map((line) => `    ${line}`));
    },
    process,
    va,
    fd,
  );
  return [`**${story.title}**`, '', '```', ...lines, '```', ''];
}

/** The pictures as Markdown, markers included. */
export function statePictures(): string {
  return [BEGIN, '', ...STORIES.flatMap(draw), END].join('\n');
}

/** `readme` with the present pictures between its markers; throws if they are not there, once each and in order. */
export function withStatePictures(readme: string): string {
  const [before, rest, ...more] = readme.split(BEGIN);
  const [, after, ...others] = rest?.split(END) ?? [];
  if (after === undefined || more.length + others.length > 0)
    throw new Error(`the README must have '${BEGIN}' and '${END}' once each`);
  return before + statePictures() + after;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(README, withStatePictures(readFileSync(README, 'utf8')));
}
