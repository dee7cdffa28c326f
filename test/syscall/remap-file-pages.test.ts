import { testCases } from '../helpers/case-tests.ts';

testCases('remap-file-pages');
