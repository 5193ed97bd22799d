import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { configText, type GatewaySetup } from '../../helpers/gateway.ts';

/** A case that is both explained and played by a real proxy in front of real sockets. */
export interface ReplayedCase {
	/** Over `patience`, section by section. */
	setup?: GatewaySetup;
	profile?: string;
	when: string;
	/** Default: true. */
	stream?: boolean;
	/** Providers that nothing listens for, so that no upstream sees what they are asked. */
	unreachable?: readonly string[];
}

/** No jitter, the usual retries, and limits that a busy machine does not meet. */
const patience = {
	timeouts: { connect: '8s', firstToken: '8s', idle: '8s', response: '8s', request: '60s' },
	retry: { backoff: '5ms', maxBackoff: '20ms', maxRetryAfter: '1s', jitter: 0 },
	breaker: { failureThreshold: 3, cooldown: '60s', cooldownJitter: 0 },
	onError: {
		SERVER_ERROR: { retries: 2 },
		NETWORK_ERROR: { retries: 2 },
		RATE_LIMIT: { retries: 1 },
		MODEL_UNAVAILABLE: { retries: 1 },
		UNKNOWN_TRANSIENT: { retries: 2 },
	},
};

/** When a client leaves, or a deadline passes, in the middle of a case: by then a busy machine has come so far. */
export const MIDDLE = '1500ms';

/** The same case, with so many times longer until it is cut short. */
export function stretched(replayed: ReplayedCase, factor: number): ReplayedCase {
	const later = `${Number.parseInt(MIDDLE, 10) * factor}ms`;
	return JSON.parse(JSON.stringify(replayed).replaceAll(MIDDLE, later)) as ReplayedCase;
}

/** Of a case that waits for it: long enough for a busy machine to answer in time, short enough to wait for. */
const SHORT_LIMIT_MS = 400;

/** No test may send a request beyond this machine, and nothing listens at this port of it. */
const nobodyListens = 'http://127.0.0.1:1/v1';

/** The configuration under which a case is explained: that of the real proxy, but for the addresses. */
export function configOfCase(replayed: ReplayedCase): Config {
	return configOf(withPatience(replayed, 1));
}

/** The configuration of a setup, but for the addresses. */
export function configOf(setup: GatewaySetup): Config {
	const nowhere = Object.fromEntries((setup.names ?? ['a', 'b']).map((name) => [name, nobodyListens]));
	return parseConfig(configText(setup, nowhere), { file: 'test.yaml', env: {} });
}

/**
 * The setup of a case.
 * @param factor how many times longer than usual the limits are that it waits for
 */
export function withPatience({ setup = {}, when, unreachable = [] }: ReplayedCase, factor: number): GatewaySetup {
	const limit = `${SHORT_LIMIT_MS * factor}ms`;
	const shortLimits = { firstToken: limit, idle: limit, response: limit };
	const timeouts = { ...patience.timeouts, ...(/timeout|stall/.test(when) ? shortLimits : {}) };
	const usual: Record<string, unknown> = { ...patience, timeouts };
	const over = setup.policy ?? {};
	const sections = Object.keys({ ...usual, ...over }).map((name) => {
		const own = over[name];
		return [name, isSection(own) || own === undefined ? { ...(usual[name] as object), ...own } : own];
	});
	const closedPorts = unreachable.map((name) => [name, { ...setup.providers?.[name], baseUrl: nobodyListens }]);
	return {
		...setup,
		policy: Object.fromEntries(sections),
		providers: { ...setup.providers, ...Object.fromEntries(closedPorts) },
		errorRules: namedFailures(when).map((as) => ({ code: `as-${as.replace('.', '-')}`, as })),
	};
}

/** The failures that a script names as such, for the classifier of the real proxy. */
function namedFailures(when: string): string[] {
	const named = when.match(/\b[A-Z]+_[A-Z_]+(\.[a-z_]+)?|\bTIMEOUT(\.[a-z_]+)?/g);
	return [...new Set(named)];
}

function isSection(value: unknown): value is object {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
