/**
 * In what circumstances each call of a scenario is made, as far as POSIX makes its answer depend on them.
 *
 * Place: under the rules of POSIX. The specification runs the scenario once more beside the targets; what was mapped, how, and from
 * what is read off its state before each call. Addresses are the specification's: another implementation has placed its
 * mappings elsewhere, but the same arguments mean the same mappings.
 */
import { MAP_FIXED } from '../flags.ts';
import { namesIn } from '../scenario/evaluate.ts';
import type { Arena, CallArgument, CallStatement, Scenario } from '../scenario/scenario.ts';
import { runSteps } from '../scenario/scenario.ts';
import { opened } from '../spec/descriptors.ts';
import type { Layout, Process, State, Vma } from '../spec/spec.ts';
import { VM_MAYSHARE } from '../spec/vm-flags.ts';
import { mappingsIn, pgoffAt } from '../spec/vmas.ts';
import { SpecTarget } from './spec-target.ts';
import { callsOf } from './transcript.ts';

const PAGE = 4096n;
const TWO_64 = 1n << 64n;

/** Addresses [start, end). */
export interface Span {
  readonly start: bigint;
  readonly end: bigint;
}

/** A mapping that the implementation placed, and the name that stands for it. */
interface Placed extends Span {
  readonly name: string | undefined;
}

/** What is known of all processes beside the specification's state. */
interface Past {
  /** By process: where it placed mappings itself, as long as nothing of them was taken away. */
  readonly placed: Map<number, readonly Placed[]>;
  /** Objects that were changed while a private mapping of them was there. */
  readonly changed: Set<number>;
}

/** A call that is about to be made. */
export class Circumstance {
  readonly call: string;
  readonly args: readonly CallArgument[];
  readonly state: State;
  readonly process: Process;
  private readonly statement: CallStatement;
  private readonly placed: readonly Placed[];
  private readonly changed: ReadonlySet<number>;

  constructor(statement: CallStatement, args: readonly CallArgument[], state: State, process: Process, past: PastNow) {
    this.call = statement.shape.name;
    this.statement = statement;
    this.args = args;
    this.state = state;
    this.process = process;
    this.placed = past.placed;
    this.changed = past.changed;
  }

  /** An argument that is a number. */
  number(place: number): bigint {
    const argument = this.args[place];
    return typeof argument === 'bigint' ? argument : 0n;
  }

  /** The low bits of an argument that holds flags. */
  flags(place: number): number {
    return Number(BigInt.asUintN(31, this.number(place)));
  }

  isAligned(place: number): boolean {
    return this.number(place) % PAGE === 0n;
  }

  /** The memory that the call is about; undefined if it is about none. */
  get span(): Span | undefined {
    const place = SPANS[this.call]?.(this);
    return place === undefined ? undefined : { start: place[0], end: place[0] + place[1] };
  }

  /** Whether the memory lies in user space and does not wrap. */
  get isInUserSpace(): boolean {
    const { start, end } = this.span ?? { start: 0n, end: 0n };
    return end <= this.state.layout.taskSize && start < TWO_64;
  }

  /** The mappings that the memory touches, in whole pages, as far as it lies in user space. */
  get mappings(): readonly Vma[] {
    const { span } = this;
    const { taskSize } = this.state.layout;
    if (span === undefined || span.start >= taskSize) return [];
    const end = roundUp(span.end);
    return mappingsIn(this.process, span.start - (span.start % PAGE), end < taskSize ? end : taskSize);
  }

  /** Whether all of the memory is mapped. */
  get isMapped(): boolean {
    const { start, end } = this.span ?? { start: 0n, end: 0n };
    const covered = this.mappings.reduce(
      (sum, vma) => sum + overlap(vma, { start: start - (start % PAGE), end: roundUp(end) }),
      0n,
    );
    return this.isInUserSpace && covered === roundUp(end) - (start - (start % PAGE));
  }

  get crossesPage(): boolean {
    const { start, end } = this.span ?? { start: 0n, end: 0n };
    return end > start && start / PAGE !== (end - 1n) / PAGE;
  }

  /** Whether some of the memory belongs to the heap, which no `mmap` made. */
  get touchesHeap(): boolean {
    const { brk } = this.state.layout;
    return this.mappings.some(({ start, end }) => start >= brk && end <= roundUp(this.process.brk));
  }

  /**
   * Whether the memory lies among what the implementation has placed itself, and not within the one such mapping that the statement
   * names: then it depends on the implementation what is there.
   */
  get isBesidePlaced(): boolean {
    const { span } = this;
    if (span === undefined || !this.isInUserSpace) return false;
    const { mmapBase, taskSize } = this.state.layout;
    if (roundUp(span.end) <= mmapBase - PLACED_BYTES || span.start >= taskSize) return false;
    const named = this.names;
    return !this.placed.some(
      ({ start, end, name = '' }) => named.includes(name) && start <= span.start && roundUp(span.end) <= end,
    );
  }

  /** The names in the arguments. */
  private get names(): readonly string[] {
    return this.statement.args.flatMap((argument) =>
      argument.kind === 'number' ? [...namesIn(argument.expression)] : [],
    );
  }

  /** Whether the memory shows a file privately that was changed since: which changes are seen is unspecified. */
  get showsChanges(): boolean {
    return this.mappings.some((vma) => isPrivateFile(vma) && this.changed.has(this.objectOf(vma) ?? -1));
  }

  /** Whether the memory reaches beyond the end of a file, in the page that holds that end. */
  get isBehindEnd(): boolean {
    const { start, end } = this.span ?? { start: 0n, end: 0n };
    return this.mappings.some((vma) => {
      const object = this.state.objects.get(this.objectOf(vma) ?? -1);
      if (object === undefined) return false;
      const first = vma.start + object.size - pgoffAt(vma, vma.start) * PAGE;
      const tail = { start: first, end: roundUp(first) };
      return object.size % PAGE !== 0n && start < tail.end && tail.start < end;
    });
  }

  /** Whether a descriptor is of a file or of shared memory. */
  isFile(place: number): boolean {
    return opened(this.state, this.process, this.number(place))?.object.type === 'regular';
  }

  private objectOf({ file }: Vma): number | undefined {
    return file === undefined ? undefined : this.state.openFiles.get(file)?.object;
  }
}

/** How far below the highest place implementations may put mappings. */
const PLACED_BYTES = 1n << 40n;

/** What of the past concerns one process. */
interface PastNow {
  readonly placed: readonly Placed[];
  readonly changed: ReadonlySet<number>;
}

function isPrivateFile({ file, flags }: Vma): boolean {
  return file !== undefined && (flags & VM_MAYSHARE) === 0;
}

function roundUp(address: bigint): bigint {
  return ((address + PAGE - 1n) / PAGE) * PAGE;
}

function overlap(one: Span, other: Span): bigint {
  const start = one.start > other.start ? one.start : other.start;
  const end = one.end < other.end ? one.end : other.end;
  return end > start ? end - start : 0n;
}

type SpanOf = (circumstance: Circumstance) => readonly [start: bigint, length: bigint] | undefined;

const RANGE: SpanOf = (c) => [c.number(0), c.number(1)];
const access =
  (bytes: bigint): SpanOf =>
  (c) => [c.number(0), bytes];
/** `read(fd, addr, len)` has an address where `read(fd, len)` has none. */
const transfer =
  (shown: number): SpanOf =>
  (c) =>
    c.args.length === shown || typeof c.args[1] !== 'bigint' ? undefined : [c.number(1), c.number(2)];

const SPANS: Readonly<Record<string, SpanOf>> = {
  ...Object.fromEntries(
    ['munmap', 'mprotect', 'msync', 'madvise', 'mlock', 'munlock', 'mincore', 'copyin'].map((call) => [call, RANGE]),
  ),
  ...Object.fromEntries(
    ['load', 'store', 'cas', 'fetchadd'].flatMap((call) =>
      [8, 16, 32, 64].map((bits) => [`${call}${bits}`, access(BigInt(bits / 8))]),
    ),
  ),
  fetch8: access(1n),
  copyout: (c) => [c.number(0), BigInt((c.args[1] as Uint8Array).length)],
  mmap: (c) => (c.flags(3) & MAP_FIXED ? [c.number(0), c.number(1)] : undefined),
  pread: transfer(3),
  read: transfer(2),
  pwrite: transfer(3),
  write: transfer(2),
};

/** The circumstances of the calls of a scenario, in order; undefined for a call that is not made. */
export function circumstancesOf(
  scenario: Scenario,
  options: Partial<Layout>,
  arena: Arena,
): readonly (Circumstance | undefined)[] {
  const spec = new SpecTarget(options, arena);
  const calls = { file: scenario.file, statements: callsOf(scenario) };
  const past: Past = { placed: new Map(), changed: new Set() };
  const found: (Circumstance | undefined)[] = [];
  let before = spec.state;
  for (const { statement, call, process, answer } of runSteps(calls, spec)) {
    const number = before.threads.get(process ?? -1)?.process ?? 0;
    const living = before.processes.get(number);
    if (call === undefined || living === undefined || statement.kind !== 'call') found.push(undefined);
    else {
      const placed = past.placed.get(number) ?? [];
      const made = new Circumstance(statement, call.args, before, living, { placed, changed: new Set(past.changed) });
      found.push(made);
      notePlaced(past, number, made, answer?.kind === 'value' ? answer.value : undefined, statement.bind);
    }
    noteChanged(past, before, spec.state);
    before = spec.state;
  }
  return found;
}

/** Notes mappings that the implementation placed, and forgets those of which something was taken away or replaced. */
function notePlaced(
  past: Past,
  process: number,
  made: Circumstance,
  value: bigint | undefined,
  name: string | undefined,
): void {
  const old = past.placed.get(process) ?? [];
  const { span } = made;
  if (made.call === 'fork' && value !== undefined) past.placed.set(Number(value), old);
  if (value === undefined) return;
  if (made.call === 'mmap' && span === undefined)
    past.placed.set(process, [...old, { start: value, end: value + roundUp(made.number(1)), name }]);
  if (span !== undefined && ['munmap', 'mmap'].includes(made.call))
    past.placed.set(
      process,
      old.filter((region) => overlap(region, span) === 0n),
    );
}

/** Notes objects that have changed while some process had a private mapping of them. */
function noteChanged(past: Past, before: State, after: State): void {
  if (before.objects === after.objects) return;
  for (const [number, object] of before.objects) {
    const now = after.objects.get(number);
    if (now === object || (now?.pages === object.pages && now.size === object.size)) continue;
    if (hasPrivateMapping(before, number)) past.changed.add(number);
  }
}

function hasPrivateMapping({ processes, openFiles }: State, object: number): boolean {
  return [...processes.values()].some(({ vmas }) =>
    vmas.some((vma) => isPrivateFile(vma) && openFiles.get(vma.file as number)?.object === object),
  );
}
