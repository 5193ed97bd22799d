import { readConfigText } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import type { Random } from '../soak-random.ts';

const right = `server: { port: 4010 }
providers:
  a: { baseUrl: "https://a.example/v1", apiKey: k, models: { m: { contextWindow: 8000 } } }
  b: { protocol: simulated, simulate: { script: [ { do: hang, for: 3s } ] } }
profiles:
  default: { chain: [a/m, b/m], policy: { timeouts: { request: 1m } } }
errorRules: [ { message: "loading", as: MODEL_UNAVAILABLE } ]
policy: { retry: { backoff: 1s }, breaker: { cooldown: 60s } }
`;

const pieces = [
	'&a ',
	'*a',
	'<<: *a',
	'[',
	']',
	'{',
	'}',
	': ',
	'- ',
	'\n',
	'\t',
	'"',
	"'",
	'|',
	'>',
	'!!binary ',
	'!!js/function ',
	'? ',
	'# ',
	'%TAG',
	'---\n',
	'...',
	'1e999',
	'0x',
	'~',
	'$' + '{X}',
	'\u0000',
	'\ufeff',
	'💥',
];

/** What a configuration may not do to whoever reads it, beside what chance finds. */
const known = [
	'['.repeat(100_000),
	'{a: '.repeat(20_000),
	`a: &a [${'x, '.repeat(100)}]\n${Array.from({ length: 12 }, (_, at) => `b${at}: &b${at} [${`*${at === 0 ? 'a' : `b${at - 1}`}, `.repeat(9)}]`).join('\n')}`,
	`x0: &x0 { a: 1 }\n${Array.from({ length: 30 }, (_, at) => `x${at + 1}: &x${at + 1} { <<: [*x${at}, *x${at}] }`).join('\n')}`,
	`errorRules: [ { message: "(a+)+$", as: TIMEOUT } ]\n${right}`,
	`profiles: { default: { chain: [${'a/m, '.repeat(5000)}] } }`,
];

/** The text of a configuration that somebody broke. */
export function brokenConfiguration(random: Random, number: number): string {
	const own = known[number];
	if (own !== undefined) return own;
	let text = right;
	for (let times = random.integer(1, 6); times > 0; times--) {
		const at = random.integer(0, text.length);
		const cut = random.chance(0.4) ? random.integer(0, 30) : 0;
		text = text.slice(0, at) + (random.chance(0.7) ? random.pick(pieces) : '') + text.slice(at + cut);
	}
	return text;
}

/**
 * Reads one as every command does.
 * @returns how long it took, ms, and what was thrown that is no mistake of the configuration
 */
export function readBroken(text: string): { ms: number; thrown: unknown } {
	const startedAt = performance.now();
	let thrown: unknown;
	try {
		readConfigText(text, { file: 'attack.yaml', env: {} });
	} catch (error) {
		if (!(error instanceof ConfigError)) thrown = error;
	}
	return { ms: performance.now() - startedAt, thrown };
}
