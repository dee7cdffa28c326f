/**
 * A target that answers from a recorded output instead of running anything.
 *
 * It turns each recorded result back into an answer: addresses become numbers again, with the
 * regions laid out downwards without gaps, as a kernel places them. What the runner then prints
 * must be the recording, line for line; only a right parser, evaluation, binding of names and
 * formatting can bring that about.
 */
import assert from 'node:assert/strict';
import * as flags from '../../src/flags.ts';
import type { CallStatement, Scenario } from '../../src/scenario/ast.ts';
import { evaluateData, NO_NAMES } from '../../src/scenario/evaluate.ts';
import { parseDataText } from '../../src/scenario/expression-parser.ts';
import type {
  Answer,
  MapsEntry,
  SignalInfo,
  SmapsRecord,
  StatusRecord,
  Target,
  TargetCall,
} from '../../src/scenario/target.ts';

const ARENA = 0x1000_0000_0000n;
const BRK = 0x5555_5557_a000n;
const MMAP_TOP = 0x7fff_f7c0_0000n;

interface Recorded {
  readonly statement: CallStatement;
  readonly result: string;
  /** The lines of `maps()`. */
  readonly mappings: readonly string[];
}

/** The recording cut into one part for each statement of the scenario. */
function cut(scenario: Scenario, lines: readonly string[]): Recorded[] {
  const calls = scenario.statements.filter((statement) => statement.kind === 'call');
  const parts: Recorded[] = [];
  let next = 0;
  for (const statement of calls) {
    const prefix = `${statement.line} ${statement.who} ${statement.text} -> `;
    const line = lines[next++] ?? '';
    assert.ok(line.startsWith(prefix), `the recording has '${line}' where '${prefix}...' should stand`);
    const first = next;
    while (lines[next]?.startsWith('  ')) next++;
    parts.push({ statement, result: line.slice(prefix.length), mappings: lines.slice(first, next) });
  }
  assert.equal(next, lines.length, 'the recording has more lines than the scenario has statements');
  return parts;
}

export class ReplayingTarget implements Target {
  readonly base: { readonly arena: bigint; readonly brk: bigint };
  private readonly parts: readonly Recorded[];
  private readonly places: Map<string, bigint>;
  private current: number;
  private lowest: bigint;

  constructor(scenario: Scenario, lines: readonly string[]) {
    this.base = { arena: ARENA, brk: BRK };
    this.parts = cut(scenario, lines);
    this.places = new Map([
      ['A', ARENA],
      ['BRK', BRK],
    ]);
    this.current = -1;
    this.lowest = MMAP_TOP;
  }

  /** The runner asks this once before each statement: the step to the next part of the recording. */
  isAlive(): boolean {
    this.current++;
    return this.part().result !== '= dead';
  }

  call(_process: number, call: TargetCall): Answer {
    const { statement, result } = this.part();
    assert.equal(call.name, statement.shape.name);
    assert.ok(!/^= (dead|unbound)$/.test(result), `line ${statement.line} was run but recorded as '${result}'`);
    const failed = /^= -1 ([A-Z]+)(?: --- (.*) ---)?$/.exec(result);
    if (failed) return { kind: 'errno', errno: failed[1], ...(failed[2] ? { signal: this.signal(failed[2]) } : {}) };
    const struck = /^--- (.*) ---( \+\+\+ killed by SIG[A-Z]+ \+\+\+)?$/.exec(result);
    if (struck) return { kind: 'signal', signal: this.signal(struck[1]), outcome: struck[2] ? 'killed' : 'caught' };
    assert.ok(result.startsWith('= '), `'${result}' is no result`);
    return this.success(call, result.slice(2));
  }

  private part(): Recorded {
    const part = this.parts[this.current];
    assert.ok(part, 'the runner runs more statements than there are');
    return part;
  }

  private success(call: TargetCall, text: string): Answer {
    switch (this.part().statement.shape.result) {
      case 'number':
      case 'hex':
        return { kind: 'value', value: BigInt.asUintN(64, BigInt(text)) };
      case 'address':
        return { kind: 'value', value: this.place(call, text) };
      case 'bytes':
        return { kind: 'bytes', bytes: bytesOf(text) };
      case 'counted-bytes':
        return { kind: 'bytes', bytes: bytesOf(text.slice(text.indexOf(' ') + 1)) };
      case 'size':
        return { kind: 'size', size: BigInt(/^0 \{st_size=(\d+)\}$/.exec(text)?.[1] as string) };
      case 'struct':
        return structOf(text);
      case 'lock':
        return lockOf(text);
      case 'times':
        return {
          kind: 'times',
          changed: text
            .slice('0 {'.length, -1)
            .split(' ')
            .filter((name) => name !== ''),
        };
      case 'mode':
        return modeOf(text);
      case 'pair':
        return { kind: 'pair', values: pairOf(text) };
      case 'residency':
        return { kind: 'residency', pages: Uint8Array.from(/^0 \[([01]*)\]$/.exec(text)?.[1] as string, Number) };
      case 'maps':
        return { kind: 'maps', entries: this.part().mappings.map((line) => this.mapping(line)) };
      case 'smaps':
        return { kind: 'smaps', record: text === 'unmapped' ? undefined : (recordOf(text) as SmapsRecord) };
      case 'vmflags':
        return { kind: 'vmflags', flags: text === 'unmapped' ? undefined : text.split(' ') };
      case 'pagemap':
        return { kind: 'pagemap', letters: /^\d+ \[(.*)\]$/.exec(text)?.[1] as string };
      case 'fields':
        return { kind: 'fields', record: recordOf(text) as StatusRecord };
      case 'status':
        return statusOf(text);
      case 'process':
      case 'nothing':
        return { kind: 'value', value: 0n };
    }
  }

  /** A result of a call that places memory: a new place if it is called after its own statement. */
  private place(call: TargetCall, text: string): bigint {
    const { statement } = this.part();
    const own = statement.bind ?? `@${statement.line}`;
    if (statement.shape.placement && text === own) {
      const { length } = statement.shape.placement;
      const bytes = length === undefined ? 4096n : (call.args[length] as bigint);
      const pages = (bytes + 4095n) / 4096n;
      this.lowest -= pages * 4096n;
      this.places.set(own, this.lowest);
    }
    return this.address(text);
  }

  private address(text: string): bigint {
    if (text === 'NULL') return 0n;
    if (text.startsWith('0x')) return BigInt(text);
    const [, label, sign, offset] = /^(@?\w+)(?:([+-])(0x[0-9a-f]+))?$/.exec(text) ?? [];
    const start = this.places.get(label);
    assert.ok(start !== undefined, `'${text}' is relative to nothing known`);
    return sign === '-' ? start - BigInt(offset) : start + BigInt(offset ?? 0);
  }

  private signal(text: string): SignalInfo {
    const [, name, code, address] = /^(SIG[A-Z]+) \{si_code=(\w+)(?:, si_addr=(.*))?\}$/.exec(text) ?? [];
    return { name, code, address: address === undefined ? undefined : this.address(address) };
  }

  private mapping(line: string): MapsEntry {
    const [, start, end, perms, offset, path = ''] =
      /^ {2}((?:@?\w+)(?:[+-]0x[0-9a-f]+)?)-(\S+) (\S{4}) ([0-9a-f]{8,})(?: (.*))?$/.exec(line) ?? [];
    return { start: this.address(start), end: this.address(end), perms, offset: BigInt(`0x${offset}`), path };
  }
}

function bytesOf(text: string): Uint8Array {
  const bytes = evaluateData(parseDataText(text, { file: 'recording', line: 0 }), NO_NAMES);
  assert.ok(bytes instanceof Uint8Array);
  return bytes;
}

function structOf(text: string): Answer {
  const [, number, inside = ''] = /^(\d+)(?: \{(.*)\})?$/.exec(text) ?? [];
  const fields = inside === '' ? [] : inside.split(', ').map((field) => field.split('='));
  const numberOf = (digits: string): bigint => BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const record = Object.fromEntries(fields.map(([name, digits]) => [name, numberOf(digits)]));
  return { kind: 'struct', value: BigInt(number), members: record };
}

function recordOf(text: string): Record<string, number> {
  const fields = text.split(' ').map((field) => field.split('='));
  return Object.fromEntries(fields.map(([name, kib]) => [name, Number(kib)]));
}

function statusOf(text: string): Answer {
  const [state, detail] = text.split(' ');
  if (state === 'exited') return { kind: 'status', status: { state, code: Number(detail) } };
  if (state === 'killed') return { kind: 'status', status: { state, signal: detail } };
  assert.equal(state, 'running');
  return { kind: 'status', status: { state: 'running' } };
}

function pairOf(text: string): [bigint, bigint] {
  const [, first, second] = /^0 \[(\d+), (\d+)\]$/.exec(text) ?? [];
  return [BigInt(first), BigInt(second)];
}

function modeOf(text: string): Answer {
  const [, type, permissions, links] = /^0 \{st_mode=(\w+)\|(\d+)(?:, st_nlink=(\d+))?\}$/.exec(text) ?? [];
  const mode = (flags as unknown as Record<string, number>)[type] | Number.parseInt(permissions, 8);
  return { kind: 'mode', mode, links: links === undefined ? undefined : Number(links) };
}

function lockOf(text: string): Answer {
  if (!text.includes('{')) return { kind: 'value', value: BigInt(text) };
  const [, type, start = '0', length = '0'] = /^0 \{l_type=(\w+)(?:, l_start=(\d+), l_len=(\d+))?\}$/.exec(text) ?? [];
  const number = (flags as unknown as Record<string, number>)[type];
  return { kind: 'lock', type: number, start: BigInt(start), length: BigInt(length) };
}
