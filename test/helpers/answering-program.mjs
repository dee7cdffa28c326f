/**
 * A program for `faultline check` to compare: reads a scenario on its standard input and answers `= 0` to whatever it says.
 *
 * Words on its command line spoil it: `wrong:CALL` answers -1 EPERM to that call, `later:CALL` does so behind another call,
 * `sometimes:CALL` in two scenarios of three alone,
 * `missing:CALL` answers -1 ENOSYS, `crash:CALL` kills itself when it comes to that call, `hang:CALL` says no more from there on,
 * `garbage` prints what is no answer, `batch` answers one scenario after the other and `forgetful` does not
 * end these answers.
 */
import { createInterface } from 'node:readline';

const words = new Set(process.argv.slice(2));

function callOf(line) {
  return /(\w+)\(/.exec(line)?.[1];
}

function answerTo(line, before) {
  const call = callOf(line);
  if (words.has(`later:${call}`) && before.some((other) => callOf(other) !== call)) return '= -1 EPERM';
  if (words.has(`crash:${call}`)) process.kill(process.pid, 'SIGSEGV');
  if (words.has(`hang:${call}`)) setInterval(() => {}, 1000);
  if (words.has(`hang:${call}`)) return undefined;
  if (words.has(`missing:${call}`)) return '= -1 ENOSYS';
  const isWrong = words.has(`wrong:${call}`) || (words.has(`sometimes:${call}`) && answered % 3 !== 2);
  return isWrong ? '= -1 EPERM' : '= 0';
}

/** Scenarios of a batch. */
let answered = 0;

function answer(lines) {
  const printed = [];
  for (const [index, line] of lines.entries()) {
    const text = line.replace(/#.*$/, '').trim();
    if (text === '' || text.startsWith('%')) continue;
    const result = answerTo(
      text,
      lines.slice(0, index).filter((other) => callOf(other) !== undefined),
    );
    if (result === undefined) break;
    printed.push(words.has('garbage') ? '\u0007????' : `${index + 1} main ${text} -> ${result}`);
  }
  process.stdout.write(printed.map((line) => `${line}\n`).join(''));
  answered++;
}

let lines = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== '%%') {
    lines.push(line);
    continue;
  }
  answer(lines);
  lines = [];
  if (!words.has('forgetful')) process.stdout.write('%%\n');
}
if (!words.has('batch')) answer(lines);
