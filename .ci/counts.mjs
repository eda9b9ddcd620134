// node .ci/counts.mjs REPORT: prints `N passed, N failed[, N skipped]` from vitest's JSON report; exit status 1 unless all is well.
// A file that fails outside of its tests (it does not load, a hook throws) counts as one failed, as does a run that ended without a report.
import { readFileSync } from 'node:fs';

/** @param {string} path */
function count(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const statuses = report.testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  );
  for (const { name, message } of brokenFiles) console.error(`Failed outside of its tests: ${name}\n${message}`);
  const passed = statuses.filter((status) => status === 'passed').length;
  let failed = statuses.filter((status) => status === 'failed').length + brokenFiles.length;
  if (failed === 0 && (!report.success || passed === 0)) {
    console.error(passed === 0 ? 'No test ran.' : 'The run failed outside of its tests, see above.');
    failed = 1;
  }
  return { passed, failed, skipped: statuses.length - statuses.filter((s) => s === 'passed' || s === 'failed').length };
}

/** @param {string} path */
function countOrFail(path) {
  try {
    return count(path);
  } catch (error) {
    console.error(`There is no report of the tests: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const { passed, failed, skipped } = countOrFail(process.argv[2] ?? '');
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
