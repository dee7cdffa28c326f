/** How `check` names a command in its report. */
import { expect, test } from 'vitest';
import { targetSpec } from '../../../src/node/check-targets.ts';

test.each([
  ['./build/my-kernel', 'my-kernel'],
  ['node /opt/toy/main.js', 'node main.js'],
  ["sh -c 'cat >/dev/null'", "sh -c 'cat >null'"],
  ['a-command-with-a-very-long-name', 'a-command-with-a-very...'],
])('%s is headed %s', (command, name) => {
  const spec = targetSpec(command, { fs: 'tmpfs', arena: undefined, timeoutMs: 1000, batch: false });
  expect(spec).toMatchObject({ kind: 'command', name, command });
});
