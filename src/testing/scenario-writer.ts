/**
 * Turns a list of small numbers into the text of a scenario.
 *
 * Place: under the arbitraries (scenario-arbitrary.ts): fast-check draws and shrinks tuples of
 * numbers, here they become statements. The writer remembers roughly what is mapped, so that most
 * calls succeed and mappings touch, overlap, split and merge; any list of tuples, whatever was
 * taken out of it, gives a scenario that parses.
 */

import {
  ADVICE,
  type CallWeights,
  FALLOCATE_MODES,
  FILE_SIZES,
  MLOCKALL_FLAGS,
  MREMAP_FLAGS,
  MSYNC_FLAGS,
  ODD_LENGTHS,
  PROTECTIONS,
} from './scenario-choices.ts';

/** One drawn operation: which call (0 to 999), then numbers from 0 to 999 that its arguments are made of. */
export type DrawnCall = readonly [call: number, ...numbers: number[]];

const ARENA_PAGES = 24;
const PAGE = 4096;

interface MappedRange {
  readonly page: number;
  readonly pages: number;
}

/** Writes one scenario, statement by statement. */
export class ScenarioWriter {
  readonly lines: string[];
  private readonly table: readonly (keyof CallWeights)[];
  private readonly processes: string[];
  private readonly ended: Set<string>;
  private readonly files: string[];
  private readonly placed: string[];
  private ranges: MappedRange[];
  private numbers: readonly number[];
  private next: number;
  private value: number;

  constructor(weights: CallWeights) {
    this.lines = [];
    this.table = tableOf(weights);
    this.processes = ['main'];
    this.ended = new Set();
    this.files = [];
    this.placed = [];
    this.ranges = [];
    this.numbers = [];
    this.next = 0;
    this.value = 1;
    this.openFile(0);
  }

  /** Adds the statement that a drawn call stands for. */
  add([call, ...numbers]: DrawnCall): void {
    this.numbers = numbers;
    this.next = 0;
    const name = this.table[call % this.table.length];
    const text = this.write(name);
    if (text === null) return;
    const who = this.pick(this.alive());
    this.lines.push(who === 'main' ? text : `${who}: ${text}`);
  }

  /** Statements that show everything that is left: files, memory, maps. */
  finish(): string {
    for (const who of this.alive()) {
      const prefix = who === 'main' ? '' : `${who}: `;
      this.lines.push(`${prefix}maps()`);
      for (const range of this.ranges.slice(-6))
        this.lines.push(`${prefix}copyin(${address(range.page)}, ${Math.min(range.pages, 4) * PAGE})`);
    }
    for (const fd of this.files) this.lines.push(`fstat(${fd})`, `pread(${fd}, 65536, 0)`);
    return `${this.lines.join('\n')}\n`;
  }

  private draw(below: number): number {
    const drawn = this.numbers[this.next++] ?? 0;
    return drawn % below;
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.draw(items.length)];
  }

  /** True `often` times of a hundred; the simplest draw (0) is false. */
  private chance(often: number): boolean {
    return this.draw(100) >= 100 - often;
  }

  private alive(): string[] {
    return this.processes.filter((name) => !this.ended.has(name));
  }

  private openFile(kind: number): void {
    const name = `fd${this.files.length + 1}`;
    const path = `f${this.files.length}.dat`;
    const call = kind === 1 ? `memfd_create("${path}", 0)` : `open("${path}", O_RDWR|O_CREAT, 0644)`;
    this.files.push(name);
    this.lines.push(`${name} = ${call}`);
  }

  /** A page near what is mapped (mostly), and a length in pages. */
  private target(): MappedRange {
    if (this.ranges.length === 0 || !this.chance(85)) return { page: this.draw(ARENA_PAGES), pages: 1 + this.draw(4) };
    const range = this.pick(this.ranges);
    const shift = this.draw(range.pages + 1);
    return { page: range.page + Math.min(shift, range.pages - 1), pages: 1 + this.draw(range.pages + 1) };
  }

  private length(pages: number): string {
    if (this.chance(6)) return this.pick(ODD_LENGTHS);
    return this.chance(30) ? `${pages * PAGE - this.draw(9)}` : `${pages}*${PAGE}`;
  }

  private where(): string {
    if (this.placed.length > 0 && this.chance(12)) return `${this.pick(this.placed)}+${this.draw(2) * PAGE}`;
    const { page } = this.target();
    return this.chance(3) ? `${address(page)}+${1 + this.draw(4000)}` : address(page);
  }

  private byteAddress(): string {
    const inPage = this.pick([0, 0, 8, 100, 2048, 4088, 4092, 4095]);
    return `${this.where()}+${inPage}`;
  }

  private nextValue(): string {
    this.value = (this.value % 250) + 1;
    return `0x${this.value.toString(16)}`;
  }

  private write(name: keyof CallWeights): string | null {
    const writers: Record<keyof CallWeights, () => string | null> = {
      load: () => `load${this.pick([8, 16, 32, 64])}(${this.byteAddress()})`,
      store: () => `store${this.pick([8, 16, 32, 64])}(${this.byteAddress()}, ${this.nextValue()})`,
      copyin: () => `copyin(${this.where()}, ${this.pick([16, PAGE, 2 * PAGE])})`,
      copyout: () => `copyout(${this.byteAddress()}, fill(${this.nextValue()}, ${this.pick([16, 100, 5000])}))`,
      mmapAnon: () => this.mmap('-1'),
      mmapFile: () => this.mmap(this.pick(this.files)),
      munmap: () => `munmap(${this.where()}, ${this.length(1 + this.draw(4))})`,
      mprotect: () => `mprotect(${this.where()}, ${this.length(1 + this.draw(4))}, ${this.pick(PROTECTIONS)})`,
      mremap: () => this.mremap(),
      msync: () => `msync(${this.where()}, ${this.length(1 + this.draw(4))}, ${this.pick(MSYNC_FLAGS)})`,
      madvise: () => `madvise(${this.where()}, ${this.length(1 + this.draw(4))}, ${this.pick(ADVICE)})`,
      mincore: () => `mincore(${this.where()}, ${this.length(1 + this.draw(4))})`,
      mlock: () => this.lock(),
      brk: () => this.heap(),
      fork: () => this.fork(),
      exit: () => this.exit(),
      maps: () => 'maps()',
      pwrite: () => this.transfer('pwrite'),
      pread: () => this.transfer('pread'),
      ftruncate: () => `ftruncate(${this.pick(this.files)}, ${this.pick(FILE_SIZES)})`,
      fallocate: () =>
        `fallocate(${this.pick(this.files)}, ${this.pick(FALLOCATE_MODES)}, ${this.pick(FILE_SIZES)}, ${this.pick([4096, 8192, 1000, 1])})`,
      fsync: () => `${this.pick(['fsync', 'fdatasync'])}(${this.pick(this.files)})`,
      lseek: () =>
        `lseek(${this.pick(this.files)}, ${this.pick(FILE_SIZES)}, ${this.pick(['SEEK_SET', 'SEEK_END', 'SEEK_DATA', 'SEEK_HOLE'])})`,
      open: () => this.open(),
      fstat: () => `fstat(${this.pick(this.files)})`,
    };
    return writers[name]();
  }

  private mmap(fd: string): string {
    const { page, pages } = this.target();
    const sharing = this.pick(['MAP_PRIVATE', 'MAP_PRIVATE', 'MAP_SHARED']);
    const extra = this.chance(15)
      ? `|${this.pick(['MAP_POPULATE', 'MAP_NORESERVE', 'MAP_STACK', 'MAP_LOCKED', 'MAP_GROWSDOWN'])}`
      : '';
    const offset = fd === '-1' ? '0' : `${this.draw(4)}*${PAGE}`;
    const anonymous = fd === '-1' ? '|MAP_ANONYMOUS' : '';
    const prot = this.pick(PROTECTIONS);
    if (this.chance(12)) {
      const name = `p${this.lines.length + 1}`;
      this.placed.push(name);
      return `${name} = mmap(NULL, ${pages}*${PAGE}, ${prot}, ${sharing}${anonymous}${extra}, ${fd}, ${offset})`;
    }
    const fixed = this.chance(10) ? 'MAP_FIXED_NOREPLACE' : 'MAP_FIXED';
    this.ranges = [...this.ranges.slice(-9), { page, pages }];
    return `mmap(${address(page)}, ${this.length(pages)}, ${prot}, ${sharing}${anonymous}|${fixed}${extra}, ${fd}, ${offset})`;
  }

  private mremap(): string {
    const from = this.target();
    const to = this.draw(ARENA_PAGES);
    const pages = this.pick([from.pages, from.pages, 1 + this.draw(5)]);
    const flags = this.pick(MREMAP_FLAGS);
    if (flags.includes('FIXED')) this.ranges = [...this.ranges.slice(-9), { page: to, pages }];
    return `mremap(${address(from.page)}, ${this.length(from.pages)}, ${this.length(pages)}, ${flags}, ${address(to)})`;
  }

  private lock(): string {
    const where = this.where();
    const length = this.length(1 + this.draw(3));
    return this.pick([
      `mlock(${where}, ${length})`,
      `munlock(${where}, ${length})`,
      `mlock2(${where}, ${length}, MLOCK_ONFAULT)`,
      `mlockall(${this.pick(MLOCKALL_FLAGS)})`,
      'munlockall()',
    ]);
  }

  private heap(): string {
    return this.chance(40) ? `sbrk(${this.pick([0, 4096, 5000, -4096, 20000])})` : `brk(BRK+${this.draw(6) * 3000})`;
  }

  private fork(): string | null {
    if (this.processes.length >= 5) return null;
    const name = `c${this.processes.length}`;
    this.lines.push(`${name} = fork()`);
    this.processes.push(name);
    return null;
  }

  private exit(): string | null {
    const children = this.alive().slice(1);
    if (children.length === 0) return null;
    const who = this.pick(children);
    this.ended.add(who);
    this.lines.push(`${who}: exit(${this.draw(5)})`, `wait(${who})`);
    return null;
  }

  private open(): string | null {
    if (this.files.length < 3) this.openFile(this.draw(2));
    return null;
  }

  private transfer(call: 'pread' | 'pwrite'): string {
    const fd = this.pick(this.files);
    const offset = this.pick(FILE_SIZES);
    if (this.chance(35)) return `${call}(${fd}, ${this.byteAddress()}, ${this.pick([16, 4096, 6000])}, ${offset})`;
    return call === 'pread'
      ? `pread(${fd}, ${this.pick([1, 64, 4096, 10000])}, ${offset})`
      : `pwrite(${fd}, fill(${this.nextValue()}, ${this.pick([1, 100, 4096, 5000])}), ${offset})`;
  }
}

function address(page: number): string {
  return page === 0 ? 'A' : `A+${page}*${PAGE}`;
}

/** Each call as often as it weighs; the simplest first, so that shrinking ends at it. */
function tableOf(weights: CallWeights): (keyof CallWeights)[] {
  return Object.entries(weights).flatMap(([name, weight]) =>
    Array<keyof CallWeights>(weight).fill(name as keyof CallWeights),
  );
}
