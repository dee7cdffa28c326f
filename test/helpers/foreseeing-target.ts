/**
 * A target that asks `Machine.explain` before every load and store what will happen, and then compares.
 *
 * What is foreseen is read from the machine without touching it; what happens is read from the trace records of the access. Any
 * difference is kept in `surprises`, as a sentence with both.
 */
import type { Forecast } from '../../src/index.ts';
import { type MachineConfig, TRACE_EVENT, TraceCollector, type TraceRecord } from '../../src/index.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import type { Answer, Target, TargetCall } from '../../src/scenario/target.ts';

/** The record that an action of the fault handler leaves. */
const MARKS: Readonly<Record<(Forecast & { kind: 'fault' })['action'], string>> = {
  'map the zero page': 'zero_page_map',
  'fill a frame with zeros': 'zero_fill',
  'map the cached page': 'map_file_page',
  'read the page': 'mm_filemap_add_to_page_cache',
  'add a page to the file': 'mm_filemap_add_to_page_cache',
  'copy the page of the file': 'cow_copy',
  'note the store': 'fault_done',
  'take the frame over': 'cow_reuse',
  'copy the frame': 'cow_copy',
  'read from swap': 'swap_in',
  'try again': 'fault_done',
};

export class ForeseeingTarget implements Target {
  readonly base: Target['base'];
  readonly surprises: string[] = [];
  /** How often each kind of outcome was foreseen. */
  readonly foreseen = new Map<string, number>();
  private readonly inner: MachineTarget;
  private readonly collector = new TraceCollector(TRACE_EVENT);

  constructor(config: MachineConfig) {
    this.inner = new MachineTarget(config);
    this.base = this.inner.base;
    this.inner.machine.attach(this.collector);
  }

  isAlive(process: number): boolean {
    return this.inner.isAlive(process);
  }

  call(process: number, call: TargetCall): Answer {
    const forecast = this.foresee(process, call);
    this.inner.machine.drainTrace();
    this.collector.take();
    const answer = this.inner.call(process, call);
    this.inner.machine.drainTrace();
    const records = this.collector.take();
    if (forecast !== undefined) this.compare(call, forecast, whatHappened(records, answer));
    return answer;
  }

  /** What a load or store inside one page is foreseen to do, undefined for any other call. */
  private foresee(process: number, call: TargetCall): Forecast | undefined {
    const match = /^(load|store)(8|16|32|64)$/.exec(call.name);
    const live = this.inner.liveProcess(process);
    if (match === null || live === undefined) return undefined;
    const address = call.args[0] as bigint;
    if (address % 4096n > 4096n - BigInt(match[2]) / 8n) return undefined;
    const { accesses } = this.inner.machine.explain(live, address);
    return accesses.find(({ access }) => access === match[1])?.forecast;
  }

  private compare(call: TargetCall, forecast: Forecast, happened: Happened): void {
    const kind =
      forecast.kind === 'fault' ? forecast.action : forecast.kind === 'signal' ? forecast.reason : forecast.kind;
    this.foreseen.set(kind, (this.foreseen.get(kind) ?? 0) + 1);
    const wrong = difference(forecast, happened);
    if (wrong !== '')
      this.surprises.push(`${call.name}(0x${call.args[0].toString(16)}): ${wrong}; ${JSON.stringify(forecast)}`);
  }
}

interface Happened {
  readonly kinds: ReadonlySet<string>;
  readonly major: boolean;
  /** Deepest TLB level that missed; undefined without a miss. */
  readonly missed: number | undefined;
  readonly entriesRead: number;
  /** `SEGV_MAPERR` and so on, undefined without a signal. */
  readonly signal: string | undefined;
}

function whatHappened(records: readonly TraceRecord[], answer: Answer): Happened {
  const first = records.find((record) => record.kind === 'tlb_miss');
  const walk = records.find((record) => record.kind === 'walk');
  return {
    kinds: new Set(records.map((record) => record.kind)),
    major: records.some((record) => record.kind === 'fault_done' && record.fields['major'] === 1),
    missed: first?.fields['level'],
    entriesRead: walk?.fields['references'] ?? 0,
    signal: answer.kind === 'signal' ? answer.signal.code : undefined,
  };
}

const CODES = ['', 'SEGV_MAPERR', 'SEGV_ACCERR', 'BUS_ADRERR', '', 'SI_KERNEL'];

/** In what the forecast was wrong, '' if in nothing. */
function difference(forecast: Forecast, happened: Happened): string {
  const { kinds } = happened;
  const faulted = kinds.has('page_fault_user');
  switch (forecast.kind) {
    case 'tlb-hit':
      if (forecast.level === 1) return happened.missed === undefined ? '' : 'the first level missed';
      return happened.missed === 1 && !kinds.has('walk') ? '' : 'it was no hit of the second level';
    case 'walk':
      if (happened.missed === undefined) return 'the TLB hit';
      return !faulted && happened.entriesRead === forecast.entries ? '' : `${happened.entriesRead} entries were read`;
    case 'signal':
      return happened.signal === CODES[forecast.failure] ? '' : `the signal was ${happened.signal}`;
    case 'fault':
      if (happened.signal !== undefined || !faulted) return `fault ${faulted}, signal ${happened.signal}`;
      if (happened.major !== (forecast.cost === 'major')) return `major was ${happened.major}`;
      if (forecast.grows !== kinds.has('stack_grow')) return 'the VMA grew or did not';
      return kinds.has(MARKS[forecast.action]) ? '' : `the records were ${[...kinds].join(' ')}`;
  }
}
