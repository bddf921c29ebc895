/** Report of a client script to its test: one JSON line for each step, and a last line with the result. */
export const job = JSON.parse(process.env.ROLLCALL_JOB ?? "{}");

// The test kills a client that takes too long; this ends the client when the test itself was killed.
setTimeout(() => process.exit(70), 60_000).unref();

const write = (value) =>
  new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(value)}\n`, resolve);
  });

/** Reports that a step is done, so that the test can do its part of the next step. */
export const reachedStep = (step) => write({ step });

/** The parts of an SDK's error that callers use. */
function describeError(step, error) {
  const { name, message, result, responseBody, response } = error;
  const { statusCode, headers } = response ?? {};
  return { step, name, message, result, responseBody, statusCode, retryAfter: headers?.["retry-after"] };
}

/**
 * Runs the steps one after the other, each with the results of the earlier steps, and ends the process with the result.
 */
export async function runSteps(steps) {
  const result = {};
  for (const [step, run] of Object.entries(steps)) {
    try {
      result[step] = await run(result);
    } catch (error) {
      result.error = describeError(step, error);
      break;
    }
  }
  await write({ result });
  process.exit(0);
}
