import { expect, test } from 'vitest';
import { parseTruth } from '../../../src/replay/truth-lines.ts';

const TEXT = `{"ev":"exec","proc":0,"pid":7,"exe":"/a","minflt":26,"majflt":0}
{"ev":"clone","proc":0,"pid":7,"child_proc":1,"child_pid":8,"thread":true,"minflt":50,"majflt":0}
{"ev":"fork","proc":0,"pid":7,"child_proc":2,"child_pid":9,"thread":false,"minflt":60,"majflt":0}
{"ev":"exit","proc":2,"pid":9,"tgid":9,"status":0,"minflt":21,"majflt":1}
{"ev":"signal","proc":0,"pid":7,"sig":11,"si_code":2,"minflt":61,"majflt":0}
{"ev":"exit","proc":1,"pid":8,"tgid":7,"status":0,"minflt":90,"majflt":1}
{"ev":"exit","proc":0,"pid":7,"tgid":7,"status":0,"minflt":128,"majflt":2}
{"ev":"reaped","proc":0,"pid":7,"exit":0,"ru_minflt":128,"ru_majflt":2}
{"ev":"total","processes_and_threads":2,"main_ru_minflt":128}
`;

test("faults of each process since its execve or its making; threads count as their process's", () => {
  expect([...parseTruth('truth.jsonl', TEXT)]).toEqual([
    [2, { minorFaults: 21, majorFaults: 1 }],
    [0, { minorFaults: 102, majorFaults: 2 }],
  ]);
});

test.each(['{"ev":"exit"', '[]', '{"minflt":3}', 'null'])('malformed: %s', (line) => {
  expect(() => parseTruth('dir/truth.jsonl', `{"ev":"total"}\n${line}\n`)).toThrow(
    `dir/truth.jsonl:2: '${line}' is no record of the kernel's counts`,
  );
});
