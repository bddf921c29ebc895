/** What a client script tells the test that started it: one JSON line for each step, and a last one with the result. */
export const job = JSON.parse(process.env.ROLLCALL_JOB ?? "{}");

// The test kills a client that takes too long; this is for the day when the test itself was killed.
setTimeout(() => process.exit(70), 60_000).unref();

const write = (value) =>
  new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(value)}\n`, resolve);
  });

/** Says that a step is done, so that the test can do its half of the next one. */
export const reachedStep = (step) => write({ step });

/** The parts of an SDK's error that its callers look at. */
function describeError(step, error) {
  const { name, message, result, responseBody, response } = error;
  const { statusCode, headers } = response ?? {};
  return { step, name, message, result, responseBody, statusCode, retryAfter: headers?.["retry-after"] };
}

/** Runs the steps one after the other, each with what the earlier ones returned, and ends the process with the result. */
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
