import { cpus } from "node:os";
import { ChildServer, leaveServerProcessor } from "./child-server.mjs";
import { bareExchange, registrationExchange, runExchanges } from "./exchanges.mjs";
import { serverIdentity, x509Fleet } from "./fleet.mjs";

/** Server CPU of one X.509 registration ÷ that of the bare handshake. */
const LIMIT = 2.2;
const DEVICES = 64;
const IN_FLIGHT = 24;
/** Exchanges per slice. A round alternates between the servers in slices, so that other load affects both equally. */
const SLICE = 100;

const sizes = {
  full: { warmUp: 3000, rounds: 7, perRound: 800 },
  quick: { warmUp: 2000, rounds: 5, perRound: 300 },
};

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * Server CPU per X.509 registration over MQTT (register and one poll, chain of leaf and intermediate, memory store, P-256)
 * ÷ server CPU of a bare Node TLS server that only does the same handshake, without tickets. Both servers run in their
 * own processes on one processor, in alternating rounds; CPU as the kernel counts it.
 */
export async function measureRegistration({ quick, profile }) {
  const size = quick ? sizes.quick : sizes.full;
  const pinned = leaveServerProcessor(cpus().length);
  const fleet = await x509Fleet(DEVICES);
  const { certificatePem, privateKeyPem } = await serverIdentity();
  const bare = await ChildServer.start("bare-server.mjs", { certificatePem, privateKeyPem }, { profile });
  const rollcall = await ChildServer.start("rollcall-server.mjs", { seed: fleet.seed }, { profile });
  try {
    const contestants = {
      bare: { server: bare, exchange: bareExchange },
      rollcall: { server: rollcall, exchange: registrationExchange },
    };
    const run = (name, count) => runSlice(contestants[name], { count, devices: fleet.devices });
    await run("bare", size.warmUp);
    await run("rollcall", size.warmUp);
    const rounds = [];
    for (let round = 0; round < size.rounds; round++) rounds.push(await runByTurns(run, size.perRound));
    return report(rounds, { ...size, pinned });
  } finally {
    await Promise.all([bare.stop(), rollcall.stop()]);
  }
}

async function runByTurns(run, count) {
  const sums = { bare: { cpu: 0, milliseconds: 0 }, rollcall: { cpu: 0, milliseconds: 0 } };
  for (let done = 0; done < count; done += SLICE) {
    for (const name of ["bare", "rollcall"]) {
      const { cpu, milliseconds } = await run(name, SLICE);
      sums[name].cpu += cpu;
      sums[name].milliseconds += milliseconds;
    }
  }
  const each = ({ cpu, milliseconds }) => ({ cpu: cpu / count, rate: (count / milliseconds) * 1000 });
  return { bare: each(sums.bare), rollcall: each(sums.rollcall) };
}

async function runSlice({ server, exchange }, { count, devices }) {
  const before = await server.cpu();
  const milliseconds = await runExchanges(exchange, { ...server.ready, count, devices, inFlight: IN_FLIGHT });
  return { cpu: ((await server.cpu()) - before) / 1000, milliseconds };
}

function report(rounds, { warmUp, perRound, pinned }) {
  const ratios = rounds.map(({ bare, rollcall }) => rollcall.cpu / bare.cpu);
  const column = (name) => median(rounds.map((round) => round[name].cpu)).toFixed(3);
  const rate = median(rounds.map((round) => round.rollcall.rate)).toFixed(0);
  const ratio = median(ratios);
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  return [
    `${rounds.length} rounds of ${perRound}, ${warmUp} before them, ${IN_FLIGHT} in flight, ${pinned ? "one processor for the servers" : "not pinned"}`,
    ...rounds.map(
      ({ bare, rollcall }, index) =>
        `  round ${index + 1}  bare ${bare.cpu.toFixed(3)} ms  registration ${rollcall.cpu.toFixed(3)} ms  ratio ${ratios[index].toFixed(2)}`,
    ),
    `  median   bare ${column("bare")} ms  registration ${column("rollcall")} ms of server CPU, ${rate} registrations/s`,
    `  ratio    ${ratio.toFixed(2)} (${spread}); at most ${LIMIT}: ${ratio <= LIMIT ? "PASS" : "over"}`,
  ].join("\n");
}
