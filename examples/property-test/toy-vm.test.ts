import { checkImplementation } from 'faultline/testing';
import { test } from 'vitest';
import { ToyVm } from './toy-vm.ts';

test('the toy answers as Linux does', () => {
  checkImplementation(() => new ToyVm(), { runs: 500, seed: 4 });
});
