import { describe } from 'vitest';
import { SCHEMES } from '../../helpers/machine-room.ts';
import { machineSuite } from './machine-suite.ts';

describe.each(SCHEMES.map((scheme) => [scheme.name, scheme] as const))('a machine with %s', (_name, scheme) => {
  describe.each(['tmpfs', 'ext4'] as const)('and %s', (fs) => machineSuite(scheme, fs));
});
