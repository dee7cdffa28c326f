/**
 * The README shows what is so: its commands print what stands below them, its program prints what stands after it, it lists every
 * command, and every link of every README leads somewhere.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { ROOT } from '../helpers/repository.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The fenced blocks of one kind, without the fences. */
function blocks(kind: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]);
}

function node(args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Whether `shown`, where a line `...` stands for any lines, is what `output` says. */
function shows(shown: string, output: string): boolean {
  const pattern = shown
    .split('\n')
    .map((line) => (line === '...' ? '(?:.*\n)*?' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\n`))
    .join('');
  return new RegExp(`^${pattern.replace(/\n$/, '')}$`).test(output);
}

describe('a command in the README prints what stands below it', () => {
  const commands = blocks('console').map((block) => {
    const [line, ...shown] = block.split('\n');
    return { command: line.replace(/^\$ npx faultline /, ''), shown: shown.join('\n') };
  });

  test('there are some', () => {
    expect(commands.length).toBeGreaterThanOrEqual(3);
  });

  test.each(commands)('faultline $command', ({ command, shown }) => {
    const output = node(['src/cli/main.ts', ...command.split(' ')]);
    if (!shows(shown, output)) expect(output).toBe(shown);
  });

  test('and other output would be noticed', () => {
    expect(shows('a\n...\nc\n', 'a\nb\nc\n')).toBe(true);
    expect(shows('a\n...\nc\n', 'a\nb\nd\n')).toBe(false);
    expect(shows('a\nc\n', 'a\nb\nc\n')).toBe(false);
    expect(shows('a\n', 'a\nb\n')).toBe(false);
  });
});

describe('the program in the README', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'faultline-readme-'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('prints what stands after it', () => {
    const [program] = blocks('ts');
    const [output] = blocks('text');
    writeFileSync(join(folder, 'program.ts'), program);
    expect(node([join(folder, 'program.ts')])).toBe(output);
  });
});

test('the README lists every command', () => {
  const listed = [...README.matchAll(/^\| `faultline (\w+)/gm)].map((match) => match[1]);
  expect(listed).toEqual(createProgram().commands.map((command) => command.name()));
});

describe('the links of', () => {
  const everywhere = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /(^|\/)[A-Z]+\.md$/.test(path) && !/(^|\/)(node_modules|dist|\.build-\w+)\//.test(path),
  );

  test.each(everywhere)('%s lead somewhere', (path) => {
    const text = readFileSync(join(ROOT, path), 'utf8').replace(/^```.*?^```$/gms, '');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]);
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(path), link)))).toEqual([]);
  });
});
