/**
 * The thread of `pglite-thread.ts`: opens the database and runs one statement after the other. Plain JavaScript, so
 * that Node can start it from the sources, where the tests run, as well as from the build.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { PGlite } from '@electric-sql/pglite';

const database = await PGlite.create(workerData.dataDir);

parentPort?.on('message', (/** @type {import('./pglite-thread.js').Question} */ question) => {
  void answerTo(question).then((answer) => parentPort?.postMessage({ id: question.id, ...answer }, []));
});

/** @param {import('./pglite-thread.js').Question} question */
async function answerTo({ statement }) {
  try {
    return { results: await (statement === undefined ? database.close() : run(statement)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {import('./pglite-thread.js').Statement} statement */
function run({ sql, params, rowMode, textTypes }) {
  const parsers = Object.fromEntries(textTypes.map((type) => [type, (/** @type {string} */ text) => text]));
  return database.query(sql, params, { ...(rowMode && { rowMode }), parsers });
}
