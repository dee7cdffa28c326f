/** A room's README names each of its files, and no file that is gone. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const SOURCE = new URL('../../src/', import.meta.url);

test.each(['mmu', 'pagecache', 'disk', 'kernel', 'testing', 'node', 'spec'])('src/%s', (room) => {
  const files = readdirSync(new URL(room, SOURCE)).filter((name) => name.endsWith('.ts'));
  const named = [...readFileSync(new URL(`${room}/README.md`, SOURCE), 'utf8').matchAll(/^\| .*$/gm)]
    .map((row) => row[0].split('|')[1])
    .flatMap((cell) => [...cell.matchAll(/`([a-z0-9-]+\.ts)`/g)].map((match) => match[1]));
  expect(named.sort()).toEqual(files.sort());
});
