// Adds up what the test runners counted, from the logs in the folder given, and prints one closing line.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const colours = /\u001b\[[0-9;]*m/g;

/** Sums of `<number> <word>` on the lines that close a runner's report. */
const runners = [
  { closing: /^test result: /, words: { passed: "passed", failed: "failed", ignored: "skipped" } }, // cargo test
  { closing: /^\s+Tests\s+\d/, words: { passed: "passed", failed: "failed", skipped: "skipped" } }, // vitest
  { closing: /^\s+\d+ (passed|failed|skipped|flaky)\b/, words: { passed: "passed", flaky: "passed", failed: "failed", skipped: "skipped" } }, // playwright
  { closing: /^(=+ )?\d+ (passed|failed|skipped|error).* in [\d.]+s/, words: { passed: "passed", failed: "failed", error: "failed", errors: "failed", skipped: "skipped" } }, // pytest
  { closing: /^[#ℹ] (pass|fail|skipped) \d+$/, words: { pass: "passed", fail: "failed", skipped: "skipped" } }, // node --test
];

const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder).filter((f) => f.endsWith(".log"))) {
  for (const raw of readFileSync(join(folder, name), "utf8").split("\n")) {
    const line = raw.replace(colours, "");
    const runner = runners.find((r) => r.closing.test(line));
    if (!runner) continue;
    for (const [, number, word] of line.matchAll(/(\d+) (\w+)/g)) {
      const kind = runner.words[word];
      if (kind) total[kind] += Number(number);
    }
    for (const [, word, number] of line.matchAll(/^[#ℹ] (\w+) (\d+)$/g)) {
      const kind = runner.words[word];
      if (kind) total[kind] += Number(number);
    }
  }
}
const skipped = total.skipped ? `, ${total.skipped} skipped` : "";
console.log(`Total: ${total.passed} passed, ${total.failed} failed${skipped}`);
