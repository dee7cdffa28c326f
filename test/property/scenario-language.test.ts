/** Laws of the scenario language: what is printed can be read again, and no text is answered by anything but a statement or a sentence. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/assert.ts';
import { formatBytes } from '../../src/scenario/bytes.ts';
import { CALLS, isBindable, type ParameterKind, signatureOf } from '../../src/scenario/calls.ts';
import { evaluate, evaluateData, NO_NAMES, TRANSFER_MAX } from '../../src/scenario/evaluate.ts';
import { parseDataText, parseExpression } from '../../src/scenario/expression-parser.ts';
import {
  type Answer,
  type CallArgument,
  parseScenario,
  runScenario,
  type Target,
  type TargetCall,
} from '../../src/scenario/scenario.ts';
import { runs } from '../helpers/fuzz.ts';

const PLACE = { file: 'a.scn', line: 1 };

/** Bytes with runs in them, of about the length where a run becomes a piece. */
const bytes = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom(0, 0x22, 0x5c, 0x41), fc.integer({ min: 0, max: 255 })),
      fc.integer({ min: 1, max: 40 }),
    ),
  )
  .map((parts) => Uint8Array.from(parts.flatMap(([byte, count]) => Array.from({ length: count }, () => byte))));

/** An expression as text, with its value by plain modular arithmetic. */
const { expression } = fc.letrec<{ expression: { text: string; value: bigint } }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5 },
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ text: `0x${value.toString(16)}`, value })),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '|'), tie('expression'))
      .map(([left, operator, right]) => ({
        text: `(${left.text}) ${operator} (${right.text})`,
        value: BigInt.asUintN(64, combine(left.value, operator, right.value)),
      })),
    fc.tuple(fc.constantFrom('-', '~'), tie('expression')).map(([operator, operand]) => ({
      text: `${operator}(${operand.text})`,
      value: BigInt.asUintN(64, operator === '-' ? -operand.value : ~operand.value),
    })),
  ),
}));

function combine(left: bigint, operator: string, right: bigint): bigint {
  if (operator === '+') return left + right;
  if (operator === '-') return left - right;
  return operator === '*' ? left * right : left | right;
}

/** Text made of what scenarios are made of, so that it is often almost right. */
const almostScenario = fc
  .array(
    fc.oneof(
      fc.constantFrom(...CALLS.map((shape) => shape.name), ...CALLS.map(signatureOf)),
      fc.constantFrom(
        'main',
        'c',
        'p',
        'A',
        'BRK',
        'NULL',
        'fill',
        'PROT_READ',
        'c = fork()',
        'p = sbrk(0)',
        'load8(p)',
      ),
      fc.constantFrom(
        '(',
        ')',
        ':',
        '=',
        ',',
        '|',
        '+',
        '-',
        '*',
        '~',
        '"',
        '\\',
        '#',
        '%',
        '\n',
        ' ',
        '\t',
        '\r',
        "'",
      ),
      fc.constantFrom(
        '0',
        '1',
        '-1',
        '0x',
        '08',
        '0x10000000000000000',
        '"x"',
        '"\\x"',
        '"\\400"',
        '"a"*3',
        'fill(1,2)',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 30, size: 'max' },
  )
  .map((parts) => parts.join(''));

/** A target that answers 0 to everything and notes the arguments it was given. */
class NotingTarget implements Target {
  readonly base = { arena: 0x1000_0000_0000n, brk: 0x5555_5557_a000n };
  readonly seen: (readonly CallArgument[])[] = [];

  isAlive(): boolean {
    return true;
  }

  call(_process: number, call: TargetCall): Answer {
    this.seen.push(call.args);
    return { kind: 'value', value: 0n };
  }
}

/** An argument as it may be written for a parameter, with what the target should get. */
function argumentFor(kind: ParameterKind): fc.Arbitrary<{ text: string; value: CallArgument | undefined }> {
  switch (kind) {
    case 'number':
      return expression;
    case 'transfer':
      return fc.integer({ min: 0, max: TRANSFER_MAX }).map((value) => ({ text: String(value), value: BigInt(value) }));
    case 'data':
      return bytes.map((data) => ({ text: formatBytes(data), value: data }));
    case 'string':
      return fc.constantFrom('', 'f', 'a b', '#').map((value) => ({ text: `"${value}"`, value }));
    case 'process':
      return fc.constant({ text: 'main', value: 0n });
    case 'fresh':
      return fc.constant({ text: 'fresh', value: undefined });
  }
}

const blank = fc.constantFrom('', '', ' ', '\t', '  ');

/** A statement of main's that is right, as written and without the blanks around it, with what the target should get. */
const statement = fc.constantFrom(...CALLS.filter((shape) => shape.result !== 'process')).chain((shape) =>
  fc
    .record({
      args: fc.tuple(...shape.parameters.map((parameter) => argumentFor(parameter.kind))),
      bind: isBindable(shape) ? fc.constantFrom('', 'v=', 'v = ') : fc.constant(''),
      blanks: fc.tuple(blank, blank, blank, blank),
      before: fc.constantFrom('', 'main:', ' main : '),
      comment: fc.constantFrom('', '# "', '#'),
    })
    .map(({ args, bind, blanks: [a, b, c, d], before, comment }) => {
      const text = `${bind}${shape.name}${a}(${b}${args.map((argument) => argument.text).join(`${c},${a}`)}${d})`;
      return {
        line: `${before}${b}${text}${c}${comment}`,
        text,
        values: args.map(({ value }) => value).filter((value) => value !== undefined),
      };
    }),
);

/** The scenario, or undefined if the text is none; any error but the user's fails the test. */
function parseOrComplain(text: string): ReturnType<typeof parseScenario> | undefined {
  try {
    return parseScenario(text, 'a.scn');
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/^a\.scn:[1-9]\d*: \S/);
    return undefined;
  }
}

describe('the scenario language', () => {
  test('bytes that are printed read back as the same bytes, in the shortest pieces', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const text = formatBytes(data);
        expect(evaluateData(parseDataText(text, PLACE), NO_NAMES)).toEqual(data);
        expect(text).toMatch(
          /^"([ !#-[\]-~]|\\["\\]|\\x[0-9a-f]{2})*"(\*\d+)?(\+"([ !#-[\]-~]|\\["\\]|\\x[0-9a-f]{2})+"(\*\d+)?)*$/,
        );
      }),
      { numRuns: runs(300) },
    );
  });

  test('an expression has the value that modular arithmetic gives it', () => {
    fc.assert(
      fc.property(expression, ({ text, value }) => {
        expect(evaluate(parseExpression(text, PLACE), NO_NAMES)).toBe(value);
      }),
      { numRuns: runs(300) },
    );
  });

  test.each([
    ['any text', fc.string({ unit: 'binary', maxLength: 200, size: 'max' })],
    ['text that is almost a scenario', almostScenario],
  ])('%s is a scenario or a UserError with its line', (_what, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        parseOrComplain(text);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('a right statement is printed as it was written, and its call gets the arguments it has', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 20, size: 'max' }), (statements) => {
        const scenario = parseScenario(statements.map(({ line }) => line).join('\n'), 'a.scn');
        const target = new NotingTarget();
        const lines = [...runScenario(scenario, target)];
        expect(target.seen).toEqual(statements.map(({ values }) => values));
        expect(lines.map((line) => line.slice(0, line.lastIndexOf(' -> ')))).toEqual(
          statements.map(({ text }, index) => `${index + 1} main ${text}`),
        );
      }),
      { numRuns: runs(200) },
    );
  });
});
