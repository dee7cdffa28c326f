/**
 * One line of strace, in any of the forms that its options give.
 *
 *   [pid[<comm>] | [pid N]] [stamp] [[nr]] [[ip]] body
 *   body = name(args) = result [ERRNO (text)] [<seconds>]   name(args <unfinished ...>   <... name resumed>args) = result
 *        | --- SIGNAL {...} ---  | +++ exited with N +++ | +++ killed by SIG +++
 *
 * Place: strace-log.ts reads line by line. A line that fits none of these gives undefined. Strings may hold
 * `) = `: the result is behind the last ` = ` outside quotes.
 */

export type StraceLine =
  | {
      readonly kind: 'call';
      readonly pid: number;
      readonly name: string;
      readonly args: string;
      readonly result: string;
    }
  | { readonly kind: 'unfinished'; readonly pid: number; readonly name: string; readonly args: string }
  | {
      readonly kind: 'resumed';
      readonly pid: number;
      readonly name: string;
      readonly args: string;
      readonly result: string;
    }
  /** A signal, an exit, strace's own remarks. */
  | { readonly kind: 'note'; readonly pid: number };

const PID = /^(?:\[pid +(\d+)\] |(\d+)(?:<[^>]*>)? +)/;
const STAMP = /^(?:\d\d:\d\d:\d\d(?:\.\d+)?|\d+\.\d{6}) /;
const RELATIVE = /^ +\d+\.\d{6} /;
const NUMBER_OR_IP = /^\[ *(?:\d+|[0-9a-f]{16}|\?+)\] /;
const RESUMED = /^<\.\.\. (\w+) resumed> ?/;
const UNFINISHED = / *<unfinished \.\.\.>$/;
const NAME = /^(\w+)\(/;
const ATTACHED = /strace: Process \d+ attached/;

/** `pid` is 0 where the line has none (a recording without -f or -o). */
export function parseStraceLine(text: string): StraceLine | undefined {
  const pidMatch = PID.exec(text);
  const pid = Number(pidMatch?.[1] ?? pidMatch?.[2] ?? 0);
  let body = text.slice(pidMatch?.[0].length ?? 0);
  for (const prefix of [STAMP, RELATIVE, NUMBER_OR_IP, NUMBER_OR_IP]) body = body.replace(prefix, '');
  if (body.startsWith('---') || body.startsWith('+++') || ATTACHED.test(body)) return { kind: 'note', pid };
  const resumed = RESUMED.exec(body);
  if (resumed !== null) {
    const rest = splitResult(body.slice(resumed[0].length));
    return rest && { kind: 'resumed', pid, name: resumed[1], ...rest };
  }
  const name = NAME.exec(body);
  if (name === null) return undefined;
  const inside = body.slice(name[0].length);
  if (UNFINISHED.test(inside)) return { kind: 'unfinished', pid, name: name[1], args: inside.replace(UNFINISHED, '') };
  const rest = splitResult(inside);
  return rest && { kind: 'call', pid, name: name[1], ...rest };
}

/** `args) = result`, undefined if that is not its shape. */
function splitResult(text: string): { readonly args: string; readonly result: string } | undefined {
  const at = lastResult(text);
  if (at < 0) return undefined;
  const head = text.slice(0, at).trimEnd();
  if (!head.endsWith(')')) return undefined;
  return { args: head.slice(0, -1), result: text.slice(at + 3).trim() };
}

/** Where the last ` = ` outside a string stands, or -1. */
function lastResult(text: string): number {
  let found = -1;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') at = stringEnd(text, at);
    else if (text[at] === ' ' && text.startsWith(' = ', at)) found = at;
  }
  return found;
}

/** The closing quote of the string that begins at `open`, or the last character. */
function stringEnd(text: string, open: number): number {
  let at = open + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length - 1);
}

const OPENING = '([{';
const CLOSING = ')]}';

/** The arguments of a call, split at the commas that stand in no string and no bracket. */
export function splitArguments(text: string): string[] {
  const args: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') at = stringEnd(text, at);
    else if (OPENING.includes(text[at])) depth++;
    else if (CLOSING.includes(text[at])) depth--;
    else if (text[at] === ',' && depth === 0) {
      args.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  const last = text.slice(from).trim();
  return last === '' && args.length === 0 ? [] : [...args, last];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

/**
 * The text of a C string as strace quotes it; undefined if it is none or was cut (`"..."...`). Bytes beyond
 * ASCII are octal.
 */
export function unquote(argument: string): string | undefined {
  if (!argument.startsWith('"') || !argument.endsWith('"') || argument.length < 2) return undefined;
  const bytes: number[] = [];
  const inside = argument.slice(1, -1);
  for (let at = 0; at < inside.length; at++) {
    if (inside[at] !== '\\') {
      bytes.push(inside.charCodeAt(at));
      continue;
    }
    const code = /^\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/.exec(inside.slice(at))?.[1] ?? '\\';
    at += code.length;
    bytes.push(escapeValue(code));
  }
  return new TextDecoder('utf-8').decode(Uint8Array.from(bytes));
}

function escapeValue(code: string): number {
  if (/^x[0-9a-f]{2}$/.test(code)) return Number.parseInt(code.slice(1), 16);
  if (/^[0-7]+$/.test(code)) return Number.parseInt(code, 8);
  return (ESCAPES[code] ?? code).charCodeAt(0);
}
