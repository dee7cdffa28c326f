/**
 * Random programs as scenario text: drawn numbers in, system calls, loads and stores out.
 *
 * Nine calls of ten succeed, since the writer knows roughly what is mapped (program-state.ts); mappings touch, overlap, split and
 * merge. Any list of draws gives a program, whatever fast-check took out of it: a failure shrinks to few lines, and these can be run
 * on a real kernel.
 */
import {
  ARENA_PAGES,
  change,
  type FileState,
  fill,
  PAGE,
  type PageState,
  type ProcessState,
  ProgramState,
  runLength,
  type Segment,
  type Span,
  segment,
} from './program-state.ts';

/** Numbers from 0 to 999: the first chooses the call, the others its arguments. Those that are missing are 0. */
export type Draw = readonly number[];

const PROCESSES_MAX = 4;

const WEIGHTS = {
  store: 13,
  load: 8,
  mmap: 12,
  munmap: 5,
  mprotect: 8,
  mremap: 8,
  madvise: 8,
  msync: 3,
  mlock: 3,
  munlock: 2,
  brk: 3,
  fork: 3,
  exit: 2,
  copyout: 3,
  copyin: 2,
  pwrite: 4,
  pread: 3,
  writeFrom: 2,
  readTo: 2,
  ftruncate: 4,
  fallocate: 2,
  fsync: 2,
  lseek: 1,
  open: 1,
  mincore: 1,
  maps: 2,
  smaps: 1,
} as const;
type Kind = keyof typeof WEIGHTS;
const KINDS = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind as Kind));

interface Descriptor {
  readonly name: string;
  readonly file: number;
  readonly writable: boolean;
}

class Dice {
  private readonly draw: Draw;
  private next: number;

  constructor(draw: Draw) {
    this.draw = draw;
    this.next = 0;
  }

  below(bound: number): number {
    return (this.draw[this.next++] ?? 0) % bound;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** True `percent` times of a hundred; false for the simplest draw. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }
}

/** The program that `draws` stand for: files are opened, then one call for each draw, then everything readable is read. */
export function program(draws: readonly Draw[]): string {
  const writer = new ProgramWriter();
  for (const draw of draws) writer.add(draw);
  return writer.finish();
}

class ProgramWriter {
  private readonly lines: string[];
  private readonly state: ProgramState;
  private readonly descriptors: Descriptor[];
  private process: ProcessState;
  private dice: Dice;
  private forks: number;

  constructor() {
    this.lines = [];
    this.state = new ProgramState();
    this.descriptors = [];
    this.process = this.state.processes[0] as ProcessState;
    this.dice = new Dice([]);
    this.forks = 0;
    this.open('open("f0", O_RDWR|O_CREAT)', true);
    this.emit(`pwrite(${this.descriptors[0]?.name}, fill(0x61, 20000), 0)`);
    (this.state.files[0] as FileState).size = 20000;
    this.open('memfd_create("m", 0)', true);
    this.emit(`ftruncate(${this.descriptors[1]?.name}, 5*4096)`);
    (this.state.files[1] as FileState).size = 5 * PAGE;
  }

  private emit(text: string): void {
    this.lines.push(this.process.name === 'main' ? text : `${this.process.name}: ${text}`);
  }

  private open(call: string, writable: boolean): void {
    const name = `fd${this.descriptors.length}`;
    this.descriptors.push({ name, file: this.state.files.length, writable });
    this.state.files.push({ path: 'f0', size: 0 });
    this.emit(`${name} = ${call}`);
  }

  add(draw: Draw): void {
    this.dice = new Dice(draw);
    const kind = this.dice.pick(KINDS);
    this.process = this.dice.pick(this.state.processes);
    const text = this.write(kind) ?? this.mmap();
    if (text !== '') this.emit(text);
  }

  finish(): string {
    for (const process of this.state.processes) {
      this.process = process;
      this.emit('maps()');
      for (const one of process.segments) this.readAll(one);
    }
    this.process = this.state.processes[0] as ProcessState;
    for (const { name } of this.descriptors) this.emit(`pread(${name}, 65536, 0)`);
    return this.lines.join('\n');
  }

  private readAll(one: Segment): void {
    const { pages } = one;
    for (let page = 0; page < pages.length; page++) {
      let length = 0;
      while (this.state.allows(pages[page + length], 'read')) length++;
      if (length > 0) this.emit(`copyin(${address(one, page)}, ${length}*4096)`);
      page += length;
    }
  }

  private write(kind: Kind): string | null {
    switch (kind) {
      case 'load':
        return this.access('read', (at, size) => `load${size * 8}(${at})`);
      case 'store':
        return this.access('write', (at, size) => `store${size * 8}(${at}, ${this.value()})`);
      case 'copyin':
        return this.over('read', (at, bytes) => `copyin(${at}, ${bytes})`);
      case 'copyout':
        return this.over('write', (at, bytes) => `copyout(${at}, fill(${this.value()}, ${bytes}))`);
      case 'readTo':
        return this.over(
          'write',
          (at, bytes) => `pread(${this.dice.pick(this.descriptors).name}, ${at}, ${bytes}, ${this.offset()})`,
        );
      case 'writeFrom':
        return this.over('read', (at, bytes) => this.writes((name) => `pwrite(${name}, ${at}, ${bytes}`, bytes));
      case 'mmap':
        return this.mmap();
      case 'mremap':
        return this.mremap();
      case 'madvise':
        return this.madvise();
      case 'mprotect':
        return this.mprotect();
      case 'fork':
        return this.fork();
      case 'exit':
        return this.exit();
      case 'brk':
        return this.brk();
      case 'maps':
        return 'maps()';
      default:
        return this.writeRange(kind) ?? this.writeFile(kind);
    }
  }

  private writeRange(kind: Kind): string | null {
    switch (kind) {
      case 'munmap':
        return this.onSpan(anyPage, (span) => {
          fill(span, () => null);
          return `munmap(${range(span, this.dice)})`;
        });
      case 'msync':
        return this.onSpan(
          anyPage,
          (span) =>
            `msync(${range(span, this.dice)}, ${this.dice.pick(['MS_SYNC', 'MS_ASYNC', '0', 'MS_SYNC|MS_INVALIDATE'])})`,
        );
      case 'mlock':
        return this.onSpan(
          (page) => this.state.allows(page, 'read'),
          (span) => {
            change(span, { locked: true });
            return this.dice.chance(30)
              ? `mlock2(${range(span, this.dice)}, MLOCK_ONFAULT)`
              : `mlock(${range(span, this.dice)})`;
          },
        );
      case 'munlock':
        return this.onSpan(anyPage, (span) => {
          change(span, { locked: false });
          return `munlock(${range(span, this.dice)})`;
        });
      case 'mincore':
        return this.onSpan(anyPage, (span) => `mincore(${range(span, this.dice)})`);
      case 'smaps':
        return this.onSpan(anyPage, ({ segment: one, page }) => `smaps(${address(one, page)})`);
      default:
        return null;
    }
  }

  private writeFile(kind: Kind): string | null {
    switch (kind) {
      case 'pwrite': {
        const bytes = this.dice.pick([100, 1, 4096, 5000, 9000]);
        return this.writes((name) => `pwrite(${name}, fill(${this.value()}, ${bytes})`, bytes);
      }
      case 'pread':
        return `pread(${this.dice.pick(this.descriptors).name}, ${this.dice.pick([64, 1, 4096, 10_000])}, ${this.offset()})`;
      case 'ftruncate':
        return this.ftruncate();
      case 'fallocate':
        return this.fallocate();
      case 'fsync':
        return `${this.dice.pick(['fsync', 'fdatasync'])}(${this.dice.pick(this.descriptors).name})`;
      case 'lseek':
        return `lseek(${this.dice.pick(this.descriptors).name}, ${this.offset()}, ${this.dice.pick(['SEEK_SET', 'SEEK_END'])})`;
      default:
        return this.reopen();
    }
  }

  private value(): string {
    return `0x${(1 + this.dice.below(255)).toString(16)}`;
  }

  private offset(): number {
    return this.dice.below(7) * PAGE + this.dice.pick([0, 0, 100, 4000]);
  }

  /** An anonymous place for wild calls: any page of the arena. */
  private anywhere(): Span {
    return {
      segment: this.process.segments[0] as Segment,
      page: this.dice.below(ARENA_PAGES - 4),
      pages: 1 + this.dice.below(4),
    };
  }

  /** Every page that will do, as (segment, page). */
  private candidates(wanted: (page: PageState) => boolean): [Segment, number][] {
    return this.process.segments.flatMap((one) =>
      one.pages.flatMap((page, place): [Segment, number][] => (page !== null && wanted(page) ? [[one, place]] : [])),
    );
  }

  /** A statement about a range of pages that will do (one time of twenty: about any). Null if there are none. */
  private onSpan(wanted: (page: PageState) => boolean, text: (span: Span) => string): string | null {
    if (this.dice.chance(9)) return text(this.anywhere());
    const found = this.candidates(wanted);
    if (found.length === 0) return null;
    const [one, page] = this.dice.pick(found);
    const most = 1 + this.dice.below(6);
    let pages = 1;
    while (pages < most && one.pages[page + pages] && wanted(one.pages[page + pages] as PageState)) pages++;
    return text({ segment: one, page, pages });
  }

  private access(access: 'read' | 'write', text: (at: string, size: number) => string): string | null {
    return this.onSpan(
      (page) => this.state.allows(page, access),
      ({ segment: one, page, pages }) => {
        const size = this.dice.pick([1, 2, 4, 8]);
        const inPage = this.dice.pick([0, 8, 100, 2048, PAGE - size, PAGE - 1]);
        const crosses = inPage + size > PAGE && pages < 2;
        return text(`${address(one, page)}+${crosses ? PAGE - size : inPage}`, size);
      },
    );
  }

  private over(access: 'read' | 'write', text: (at: string, bytes: number) => string | null): string | null {
    return this.onSpan(
      (page) => this.state.allows(page, access),
      ({ segment: one, page, pages }) => {
        const inPage = this.dice.pick([0, 100, 4000]);
        const bytes = Math.min(this.dice.pick([16, 100, PAGE, 2 * PAGE, 5000]), pages * PAGE - inPage);
        return text(`${address(one, page)}+${inPage}`, bytes) ?? '';
      },
    );
  }

  private writes(head: (name: string) => string, bytes: number): string {
    const to = this.dice.pick(this.descriptors.filter(({ writable }) => writable));
    const offset = this.offset();
    const file = this.state.files[to.file] as FileState;
    file.size = Math.max(file.size, offset + bytes);
    return `${head(to.name)}, ${offset})`;
  }

  private ftruncate(): string {
    const to = this.dice.pick(this.descriptors.filter(({ writable }) => writable));
    const size = this.dice.below(8) * PAGE + this.dice.pick([0, 0, 1, 100, 4095]);
    (this.state.files[to.file] as FileState).size = size;
    return `ftruncate(${to.name}, ${size})`;
  }

  private fallocate(): string {
    const to = this.dice.pick(this.descriptors.filter(({ writable }) => writable));
    const mode = this.dice.pick(['0', 'FALLOC_FL_KEEP_SIZE', 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE']);
    const offset = this.offset();
    const length = this.dice.pick([PAGE, 1000, 3 * PAGE]);
    const file = this.state.files[to.file] as FileState;
    if (mode === '0') file.size = Math.max(file.size, offset + length);
    return `fallocate(${to.name}, ${mode}, ${offset}, ${length})`;
  }

  private reopen(): string | null {
    if (this.descriptors.length > 4) return null;
    const writable = !this.dice.chance(40);
    const name = `fd${this.descriptors.length}`;
    this.descriptors.push({ name, file: 0, writable });
    return `${name} = open("f0", ${writable ? 'O_RDWR' : 'O_RDONLY'})`;
  }

  private fork(): string | null {
    if (this.state.processes.length >= PROCESSES_MAX || this.forks > 8) return null;
    const name = `c${++this.forks}`;
    this.state.fork(this.process, name);
    return `${name} = fork()`;
  }

  /** The end of a child without children, and its parent's wait. */
  private exit(): string | null {
    const { processes } = this.state;
    const ends = processes.filter(({ name }) => name !== 'main' && !processes.some(({ parent }) => parent === name));
    if (ends.length === 0) return null;
    this.process = this.dice.pick(ends);
    this.emit(`exit(${this.dice.below(3)})`);
    this.state.end(this.process);
    const { name, parent } = this.process;
    this.process = processes.find((other) => other.name === parent) as ProcessState;
    return `wait(${name})`;
  }

  private brk(): string {
    const heap = this.process.segments[1] as Segment;
    const bytes = this.dice.below(8) * 3500;
    fill({ segment: heap, page: 0, pages: heap.pages.length }, (place) =>
      place * PAGE < bytes ? (heap.pages[place] ?? ANONYMOUS) : null,
    );
    return `brk(BRK+${bytes})`;
  }

  /** Where a new mapping goes: behind another, over one, or anywhere. */
  private place(pages: number): number {
    const arena = this.process.segments[0] as Segment;
    const mapped = arena.pages.flatMap((page, place) => (page === null ? [] : [place]));
    const kind = this.dice.below(10);
    const near = mapped.length === 0 ? this.dice.below(ARENA_PAGES) : this.dice.pick(mapped);
    const page =
      kind < 4
        ? near + runLength(arena, near)
        : kind < 6
          ? near - pages
          : kind < 8
            ? near
            : this.dice.below(ARENA_PAGES);
    return Math.max(0, Math.min(ARENA_PAGES - pages, page));
  }

  private mmap(): string {
    const pages = 1 + this.dice.below(5);
    const from = this.dice.pick([null, null, null, ...this.descriptors]);
    const shared = this.dice.chance(35);
    const prot = this.dice.pick(PROTS);
    const writable = prot.writable && !(shared && from !== null && !from.writable);
    const nullPlaced = this.dice.chance(12);
    const page = nullPlaced ? 0 : this.place(pages);
    const index = from === null ? 0 : this.dice.chance(35) ? this.dice.below(4) : page % 8;
    const extra = this.dice.chance(15)
      ? this.dice.pick(['|MAP_POPULATE', '|MAP_NORESERVE', '|MAP_STACK', '|MAP_LOCKED'])
      : '';
    const type = `${shared ? 'MAP_SHARED' : 'MAP_PRIVATE'}${from === null ? '|MAP_ANONYMOUS' : ''}${extra}`;
    const rights = prot.writable && !writable ? 'PROT_READ' : prot.text;
    const rest = (placement: string): string =>
      `${pages}*4096, ${rights}, ${type}${placement}, ${from?.name ?? '-1'}, ${index}*4096`;
    const make = (place: number): PageState => ({
      ...ANONYMOUS,
      ...prot,
      writable,
      shared,
      file: from?.file ?? -1,
      index: from !== null || shared ? index + place : 0,
      locked: extra === '|MAP_LOCKED',
    });
    if (nullPlaced) return `${this.newSegment(pages, make)} = mmap(NULL, ${rest('')})`;
    const span = { segment: this.process.segments[0] as Segment, page, pages };
    const free = span.segment.pages.slice(page, page + pages).every((one) => one === null);
    fill(span, make);
    return `mmap(${address(span.segment, page)}, ${rest(free && this.dice.chance(30) ? '|MAP_FIXED_NOREPLACE' : '|MAP_FIXED')})`;
  }

  private newSegment(pages: number, make: (place: number) => PageState): string {
    const base = `p${this.lines.length + 1}`;
    const made = segment(base, pages);
    fill({ segment: made, page: 0, pages }, make);
    this.process.segments.push(made);
    if (this.process.segments.length > 6) this.process.segments.splice(2, 1);
    return base;
  }

  private mprotect(): string | null {
    const prot = this.dice.pick(PROTS);
    const may = (page: PageState): boolean =>
      !prot.writable ||
      !page.shared ||
      page.file !== 0 ||
      page.writable ||
      this.descriptors.every(({ writable }) => writable);
    return this.onSpan(may, (span) => {
      change(span, { readable: prot.readable, writable: prot.writable });
      return `mprotect(${range(span, this.dice)}, ${prot.text})`;
    });
  }

  private madvise(): string | null {
    const [advice, wanted, changes] = this.dice.pick(ADVICE);
    return this.onSpan(
      (page) => wanted(page, this.state),
      (span) => {
        change(span, changes);
        return `madvise(${range(span, this.dice)}, ${advice})`;
      },
    );
  }

  private mremap(): string | null {
    const found = this.candidates(anyPage);
    if (found.length === 0) return null;
    const [one, page] = this.dice.pick(found);
    const whole = runLength(one, page);
    const pages = 1 + this.dice.below(whole);
    const kept = one.pages.slice(page, page + pages) as PageState[];
    const span = { segment: one, page, pages };
    const old = `${address(one, page)}, ${pages}*4096`;
    switch (this.dice.below(5)) {
      case 0:
        return this.moveFixed(span, kept, old);
      case 1:
        fill({ ...span, page: page + 1, pages: pages - 1 }, () => null);
        return `mremap(${old}, 4096, 0)`;
      case 2:
        return this.growInPlace(one, page, whole);
      case 3:
        return this.keepBoth(kept, old);
      default:
        return this.growAnywhere(span, kept, old);
    }
  }

  private moveFixed(span: Span, kept: readonly PageState[], old: string): string | null {
    const arena = this.process.segments[0] as Segment;
    const to = this.place(span.pages);
    if (span.segment === arena && to < span.page + span.pages && span.page < to + span.pages) return null;
    fill(span, () => null);
    fill({ segment: arena, page: to, pages: span.pages }, (place) => kept[place] as PageState);
    return `mremap(${old}, ${span.pages}*4096, MREMAP_MAYMOVE|MREMAP_FIXED, ${address(arena, to)})`;
  }

  private growInPlace(one: Segment, page: number, pages: number): string | null {
    if (page + pages >= one.pages.length || one.pages[page + pages] !== null) return null;
    const last = one.pages[page + pages - 1] as PageState;
    one.pages[page + pages] = { ...last, index: last.file >= 0 || last.shared ? last.index + 1 : 0 };
    return `mremap(${address(one, page)}, ${pages}*4096, ${pages + 1}*4096, 0)`;
  }

  private growAnywhere(span: Span, kept: readonly PageState[], old: string): string {
    const last = kept.at(-1) as PageState;
    fill(span, () => null);
    const name = this.newSegment(
      span.pages + 1,
      (place) => kept[place] ?? { ...last, index: last.index + (last.file >= 0 || last.shared ? 1 : 0) },
    );
    return `${name} = mremap(${old}, ${span.pages + 1}*4096, MREMAP_MAYMOVE)`;
  }

  /** A second view of shared memory, or the pages at a new place while the old one stays, empty. */
  private keepBoth(kept: readonly PageState[], old: string): string {
    const name = this.newSegment(kept.length, (place) => ({ ...(kept[place] as PageState), locked: false }));
    if (kept[0]?.shared)
      return `${name} = mremap(${old.replace(/\d+\*4096$/, '0')}, ${kept.length}*4096, MREMAP_MAYMOVE)`;
    return `${name} = mremap(${old}, ${kept.length}*4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP)`;
  }
}

const ANONYMOUS: PageState = {
  readable: true,
  writable: true,
  shared: false,
  file: -1,
  index: 0,
  locked: false,
  forks: true,
  guarded: false,
};

const READ_WRITE = { text: 'PROT_READ|PROT_WRITE', readable: true, writable: true };
const READ = { text: 'PROT_READ', readable: true, writable: false };
const NONE = { text: 'PROT_NONE', readable: false, writable: false };
const WRITE = { text: 'PROT_WRITE', readable: true, writable: true };
const PROTS = [READ_WRITE, READ_WRITE, READ_WRITE, READ_WRITE, READ, READ, NONE, WRITE];

function anyPage(): boolean {
  return true;
}

type Wanted = (page: PageState, state: ProgramState) => boolean;

function isPrivateAnonymous(page: PageState): boolean {
  return page.file < 0 && !page.shared && !page.locked;
}

function isUnlocked(page: PageState): boolean {
  return !page.locked;
}

/** Advice, the pages that take it, and what it changes. */
const ADVICE: readonly (readonly [string, Wanted, Partial<PageState>])[] = [
  ['MADV_DONTNEED', isUnlocked, {}],
  ['MADV_DONTNEED', isUnlocked, {}],
  ['MADV_NORMAL', anyPage, {}],
  ['MADV_RANDOM', anyPage, {}],
  ['MADV_SEQUENTIAL', anyPage, {}],
  ['MADV_WILLNEED', anyPage, {}],
  ['MADV_DONTFORK', anyPage, { forks: false }],
  ['MADV_DOFORK', anyPage, { forks: true }],
  ['MADV_WIPEONFORK', isPrivateAnonymous, {}],
  ['MADV_KEEPONFORK', anyPage, {}],
  ['MADV_FREE', isPrivateAnonymous, {}],
  ['MADV_REMOVE', (page) => page.shared && page.writable && !page.locked && page.file !== 0, {}],
  ['MADV_POPULATE_READ', (page, state) => state.allows(page, 'read'), {}],
  ['MADV_POPULATE_WRITE', (page, state) => state.allows(page, 'write'), {}],
  ['MADV_GUARD_INSTALL', isPrivateAnonymous, { guarded: true }],
  ['MADV_GUARD_REMOVE', isUnlocked, { guarded: false }],
  ['MADV_DONTNEED_LOCKED', anyPage, {}],
  ['MADV_DONTDUMP', anyPage, {}],
  ['MADV_DODUMP', anyPage, {}],
  ['MADV_COLD', isUnlocked, {}],
  ['MADV_PAGEOUT', isUnlocked, {}],
];

function address({ base }: Segment, page: number): string {
  return page === 0 ? base : `${base}+${page}*4096`;
}

/** Address and length of a span; some lengths are left to be rounded up. */
function range({ segment: one, page, pages }: Span, dice: Dice): string {
  return `${address(one, page)}, ${dice.chance(20) ? pages * PAGE - dice.below(100) : `${pages}*4096`}`;
}
