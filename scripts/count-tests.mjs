// Adds up vitest's JSON reports and prints the closing line that CI reads.
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const sum = (member) => reports.reduce((total, report) => total + report[member], 0);
const skipped = sum('numPendingTests') + sum('numTodoTests');
const failed = sum('numFailedTests');
console.log(`${sum('numPassedTests')} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exitCode = failed === 0 && sum('numPassedTests') > 0 ? 0 : 1;
