import type { RequestEvent } from '../../../machines/events.ts';
import { failureName } from '../../../machines/failure.ts';
import { routesOf } from '../../../src/gateway/routes.ts';
import { explainCase } from '../../../src/verify/play/play.ts';
import { checkProvider } from '../../../src/verify/prove/provider/prove-provider.ts';
import { type SamplePath, samplePaths } from '../../../src/verify/prove/request/paths.ts';
import type { CaseStep } from '../../../src/verify/report/report.ts';
import type { GatewaySetup } from '../../helpers/gateway.ts';
import { configOfCase, MIDDLE, type ReplayedCase } from './replayed-case.ts';

/** A way that the explored model of a request can take, as a case that is played. */
export interface ModelPath {
	name: string;
	path: SamplePath;
	replayed: ReplayedCase;
}

const untilDeadline: GatewaySetup = { policy: { timeouts: { request: MIDDLE, stream: MIDDLE, firstToken: '8s' } } };
/** More than a model is asked from further back. */
const TOKENS = 12;

/** Ways of the default profile, as far as a script can tell them: nobody but the one request is there to trip a provider. */
export function modelPaths(count: number): ModelPath[] {
	const config = configOfCase({ when: '' });
	const route = routesOf(config).get('default');
	if (route === undefined) throw new Error('there is no default profile');
	const providers = Object.values(config.providers).map(({ name, policy }) => {
		const { summary } = checkProvider([name], policy);
		return [name, summary] as const;
	});
	return samplePaths({ ...route, name: 'default', providers: new Map(providers) }, count).flatMap((path, index) => {
		const when = scriptOf(path.steps);
		if (when === undefined) return [];
		const isLate = path.steps.some(({ event }) => event.type === 'deadline.passed');
		const replayed = { when, ...(isLate ? { setup: untilDeadline } : {}) };
		return isOfFreshProviders(path, replayed) ? [{ name: `way ${index + 1}: ${when}`, path, replayed }] : [];
	});
}

/** @returns undefined where a script cannot say it: what other requests did meanwhile, or an answer of more than text */
function scriptOf(steps: readonly CaseStep[]): string | undefined {
	const said = new Map<string, string[]>();
	let attempt: { provider: string; isAnswering: boolean } | undefined;
	let isCommitted = false;
	let client: string[] = [];
	for (const { event, provider = '' } of steps) {
		const happened = event as RequestEvent;
		const outcomes = said.get(provider) ?? [];
		switch (happened.type) {
			case 'permit.granted':
				attempt = { provider, isAnswering: false };
				break;
			case 'permit.denied':
				if (
					outcomes.length > 0 ||
					happened.reason === 'limit' ||
					happened.reason === 'beyond-limit' ||
					happened.reason === 'retry-budget' ||
					happened.reason === 'ramp'
				)
					return undefined;
				said.set(provider, [states[happened.reason]]);
				break;
			case 'attempt.answering':
				if (attempt !== undefined) attempt.isAnswering = true;
				isCommitted = true;
				break;
			case 'attempt.completed':
				said.set(provider, [...outcomes, 'ok']);
				break;
			case 'attempt.silent':
				said.set(provider, [...outcomes, 'silent']);
				attempt = undefined;
				break;
			case 'attempt.broke': {
				if (isCommitted && !happened.continuable) return undefined;
				const { failure } = happened;
				const hint = failure.retryAfterMs === undefined ? '' : ` ${failure.retryAfterMs}ms`;
				const tokens = attempt?.isAnswering ? ` tokens=${TOKENS}` : '';
				said.set(provider, [...outcomes, `${failureName(failure)}${hint}${tokens}`]);
				attempt = undefined;
				break;
			}
			case 'client.left':
			case 'deadline.passed':
				if (attempt === undefined) return undefined;
				said.set(attempt.provider, [
					...(said.get(attempt.provider) ?? []),
					attempt.isAnswering ? 'ok takes=2h' : 'ok after=10m',
				]);
				if (happened.type === 'client.left') client = [`client leaves after=${MIDDLE}`];
		}
	}
	return [...[...said].map(([provider, outcomes]) => `${provider}: ${outcomes.join(', ')}`), ...client].join('; ');
}

const states = {
	failures: 'open',
	hint: 'open hint 50s',
	auth: 'open auth',
	quota: 'quota-cooldown',
	operator: 'open operator',
	probing: 'half-open busy',
	model: 'unavailable',
} as const;

/** The model knows providers with a past, too: one that opens at the first failure, as others failed before it. */
function isOfFreshProviders({ steps }: SamplePath, replayed: ReplayedCase): boolean {
	const config = configOfCase(replayed);
	const explained = explainCase(config, { profile: 'default', when: replayed.when, stream: true }).steps;
	const waits = (all: readonly CaseStep[]) =>
		all.flatMap(({ event }) => {
			const happened = event as RequestEvent;
			return happened.type === 'attempt.settled' ? [happened.retryAt] : [];
		});
	const startedAt = startOf(steps);
	const [own, fresh] = [waits(steps).map((at) => at - startedAt), waits(explained)];
	return own.every((wait, index) => wait === (fresh[index] ?? wait));
}

/** When the request began, ms since the epoch. */
function startOf(steps: readonly CaseStep[]): number {
	for (const { event, at } of steps) if ('now' in event) return Number(event.now) - at;
	return 0;
}
