/**
 * The lines that a scenario prints: a statement, an arrow, and what came of it.
 *
 * Pure text: nothing here runs anything. Addresses are printed by an `AddressBook` on behalf of
 * one process; how a value is printed depends on the call (`ResultFormat`).
 */

import { F_RDLCK, F_UNLCK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from '../flags.ts';
import type { AddressBook } from './addresses.ts';
import { hex } from './addresses.ts';
import type { CallStatement, DirectiveStatement } from './ast.ts';
import { formatBytes } from './bytes.ts';
import {
  type Answer,
  type MapsEntry,
  type SignalInfo,
  SMAPS_FIELDS,
  STATUS_FIELDS,
  type WaitStatus,
} from './target.ts';

/** Prints addresses as one process of the scenario sees them. */
export interface AddressView {
  readonly book: AddressBook;
  readonly process: number;
}

/** Why a statement was not given to the target: its process is gone, a name has no value, too large a transfer. */
export type NotRun = 'dead' | 'unbound' | 'refused';

const INDENT = '  ';

/** The line of a statement that was not run. */
export function formatNotRun(statement: CallStatement, reason: NotRun): string {
  return line(statement, `= ${reason}`);
}

/** The lines of a statement that was run: one, and one more for each mapping of `maps()`. */
export function formatAnswer(statement: CallStatement, answer: Answer, view: AddressView): string[] {
  const lines = [line(statement, resultOf(statement, answer, view))];
  if (answer.kind === 'maps') {
    for (const entry of answer.entries) lines.push(`${INDENT}${mapping(entry, view)}`);
  }
  return lines;
}

/** The lines of a directive: what its handler gave, or 0. */
export function formatDirective(statement: DirectiveStatement, printed: readonly string[]): string[] {
  const [first = '0', ...others] = printed;
  return [`${statement.line} % ${statement.text} -> = ${first}`, ...others.map((text) => `${INDENT}${text}`)];
}

function line(statement: CallStatement, result: string): string {
  return `${statement.line} ${statement.who} ${statement.text} -> ${result}`;
}

function resultOf(statement: CallStatement, answer: Answer, view: AddressView): string {
  switch (answer.kind) {
    case 'errno':
      return `= -1 ${answer.errno}${answer.signal ? ` ${signal(answer.signal, view)}` : ''}`;
    case 'signal':
      return signal(answer.signal, view) + (answer.outcome === 'killed' ? ` ${killedBy(answer.signal.name)}` : '');
    case 'killed':
      return killedBy(answer.signal);
    case 'refused':
    case 'waiting':
    case 'executing':
    case 'timeout':
      return `= ${answer.kind}`;
    case 'value':
      return `= ${value(statement, answer.value, view)}${answer.signal ? ` ${signal(answer.signal, view)}` : ''}`;
    default:
      return `= ${success(statement, answer)}`;
  }
}

type Success = Exclude<
  Answer,
  { kind: 'value' | 'errno' | 'signal' | 'killed' | 'refused' | 'waiting' | 'executing' | 'timeout' }
>;

function success(statement: CallStatement, answer: Success): string {
  switch (answer.kind) {
    case 'bytes':
      return shown(statement, answer.bytes);
    case 'size':
      return `0 {st_size=${signed(answer.size)}}`;
    case 'struct':
      return `${answer.value}${members(answer.members)}`;
    case 'mode':
      return `0 {st_mode=${fileMode(answer.mode)}${answer.links === undefined ? '' : `, st_nlink=${answer.links}`}}`;
    case 'times':
      return `0 {${answer.changed.join(' ')}}`;
    case 'lock':
      return `0 {${lock(answer)}}`;
    case 'pair':
      return `0 [${answer.values.join(', ')}]`;
    case 'residency':
      return `0 [${Array.from(answer.pages, (page) => page & 1).join('')}]`;
    case 'maps':
      return String(answer.entries.length);
    case 'smaps':
      return answer.record ? fields(SMAPS_FIELDS, answer.record) : 'unmapped';
    case 'vmflags':
      return answer.flags?.join(' ') ?? 'unmapped';
    case 'pagemap':
      return `${answer.letters.length} [${answer.letters}]`;
    case 'fields':
      return fields(STATUS_FIELDS, answer.record);
    case 'status':
      return status(answer.status);
  }
}

function value(statement: CallStatement, number: bigint, view: AddressView): string {
  switch (statement.shape.result) {
    case 'address':
      return view.book.format(view.process, number);
    case 'hex':
      return hex(number);
    case 'process':
      return statement.bind ?? '';
    case 'nothing':
      return '?';
    default:
      return signed(number);
  }
}

/** A mode is octal and a key hexadecimal, as everywhere. */
function members(record: Readonly<Record<string, bigint>>): string {
  const parts = Object.entries(record).map(([name, number]) => {
    if (name === 'mode') return `mode=0${number.toString(8)}`;
    return `${name}=${name === 'key' ? hex(number) : number}`;
  });
  return parts.length === 0 ? '' : ` {${parts.join(', ')}}`;
}

function shown(statement: CallStatement, bytes: Uint8Array): string {
  const text = formatBytes(bytes);
  return statement.shape.result === 'counted-bytes' ? `${bytes.length} ${text}` : text;
}

function signal(info: SignalInfo, view: AddressView): string {
  const address = info.address === undefined ? '' : `, si_addr=${view.book.format(view.process, info.address)}`;
  return `--- ${info.name} {si_code=${info.code}${address}} ---`;
}

function killedBy(name: string): string {
  return `+++ killed by ${name} +++`;
}

function status(status: WaitStatus): string {
  switch (status.state) {
    case 'exited':
      return `exited ${status.code}`;
    case 'killed':
      return `killed ${status.signal}`;
    case 'running':
      return 'running';
  }
}

function fields<Name extends string>(names: readonly Name[], record: Readonly<Record<Name, number>>): string {
  return names.map((name) => `${name}=${record[name]}`).join(' ');
}

function mapping(entry: MapsEntry, view: AddressView): string {
  const range = view.book.formatRange(view.process, entry.start, entry.end);
  const offset = entry.offset.toString(16).padStart(8, '0');
  return `${range} ${entry.perms} ${offset}${entry.path === '' ? '' : ` ${entry.path}`}`;
}

/** A C `long`. */
function signed(number: bigint): string {
  return BigInt.asIntN(64, number).toString();
}

const TYPE_MASK = 0o170000;

const TYPES: ReadonlyMap<number, string> = new Map([
  [S_IFREG, 'S_IFREG'],
  [S_IFDIR, 'S_IFDIR'],
  [S_IFLNK, 'S_IFLNK'],
  [S_IFCHR, 'S_IFCHR'],
  [S_IFIFO, 'S_IFIFO'],
  [S_IFSOCK, 'S_IFSOCK'],
]);

/** `S_IFREG|0644` */
function fileMode(mode: number): string {
  return `${TYPES.get(mode & TYPE_MASK) ?? '0'}|${(mode & ~TYPE_MASK).toString(8).padStart(4, '0')}`;
}

function lock({
  type,
  start,
  length,
}: {
  readonly type: number;
  readonly start: bigint;
  readonly length: bigint;
}): string {
  if (type === F_UNLCK) return 'l_type=F_UNLCK';
  return `l_type=${type === F_RDLCK ? 'F_RDLCK' : 'F_WRLCK'}, l_start=${start}, l_len=${length}`;
}
