import { testCases } from '../helpers/case-tests.ts';

testCases('shm-unlink');
