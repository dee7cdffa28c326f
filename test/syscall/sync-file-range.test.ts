import { testCases } from '../helpers/case-tests.ts';

testCases('sync-file-range');
