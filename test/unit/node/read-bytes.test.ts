import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBytes, readText } from '../../../src/node/read-bytes.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Path of a file with these bytes. */
function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const TEXT = Array.from({ length: 200_000 }, (_, line) => ` L ${(line * 4096).toString(16)},8\n`).join('');

describe('a file', () => {
  test('plain and packed reads alike, whatever its name', async () => {
    expect(await readText(file('plain.txt.gz', TEXT))).toBe(TEXT);
    expect(await readText(file('packed.txt', gzipSync(TEXT)))).toBe(TEXT);
  });

  test('comes in chunks, and tells how far it is', async () => {
    const packed = gzipSync(TEXT);
    const seen: number[] = [];
    let chunks = 0;
    for await (const chunk of readBytes(file('chunks.gz', packed), (bytes) => seen.push(bytes))) {
      expect(chunk.length).toBeLessThanOrEqual(512 * 1024);
      chunks++;
    }
    expect(chunks).toBeGreaterThan(1);
    expect(seen.at(-1)).toBe(packed.length);
  });

  test('may be empty, or of one byte', async () => {
    expect(await readText(file('empty', ''))).toBe('');
    expect(await readText(file('one', '\u001f'))).toBe('\u001f');
    expect(await readText(file('packed-empty', gzipSync('')))).toBe('');
  });

  test('may be packed in parts', async () => {
    expect(await readText(file('parts.gz', Buffer.concat([gzipSync('a\n'), gzipSync('b\n')])))).toBe('a\nb\n');
  });

  test('that a reader leaves early is closed', async () => {
    for await (const chunk of readBytes(file('left.gz', gzipSync(TEXT)))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe('a file that is no good', () => {
  const packed = gzipSync(TEXT);

  test.each([3, 10, 1000, packed.length - 9, packed.length - 1])('cut off after %i bytes', async (length) => {
    const path = file(`cut-${length}.gz`, packed.subarray(0, length));
    await expect(readText(path)).rejects.toThrow(
      `${path}: the gzip data end too early; the file was cut off, copy or record it again`,
    );
  });

  test('damaged', async () => {
    const bytes = new Uint8Array(packed);
    bytes.fill(0xff, 2000, 3000);
    const path = file('damaged.gz', bytes);
    await expect(readText(path)).rejects.toThrow(`${path}: the gzip data are damaged (`);
  });

  test('not there', async () => {
    await expect(readText(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
