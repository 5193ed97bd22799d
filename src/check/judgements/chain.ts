import type { Way } from '../../../machines/policy.ts';
import type { Finding, Rule } from './rule.ts';
import { type JudgedProfile, type JudgedRung, type Layered, writtenOnError } from './subject.ts';
import { namesText } from './words.ts';

/** Categories that a fallback is there for. */
const worthFailover = [
	'TIMEOUT',
	'SERVER_ERROR',
	'NETWORK_ERROR',
	'RATE_LIMIT',
	'QUOTA_EXCEEDED',
	'MODEL_UNAVAILABLE',
	'UNKNOWN_TRANSIENT',
];

/** The ways that a request may go: those behind `fail` are never tried. */
export function openWays(then: readonly Way[]): readonly Way[] {
	const end = then.indexOf('fail');
	return end === -1 ? then : then.slice(0, end);
}

/** Do these ways lead to another rung? */
export function leadsOn(then: readonly Way[]): boolean {
	return openWays(then).some((way) => way === 'next' || way === 'larger-context');
}

/** Does any failure of this rung lead to another one? */
export function everLeadsOn({ policy }: Layered): boolean {
	return Object.values(policy.onError).some(({ then }) => leadsOn(then));
}

/** Can the provider's door close, so that a request passes it by? */
function everDenies({ provider }: JudgedRung): boolean {
	return Object.values(provider.policy.breaker.effects).some((effect) => effect !== 'none');
}

function sameTargetTwice({ profile, rungs, concerns }: JudgedProfile): Finding[] {
	const targets = profile.chain.map(({ target }) => target);
	return rungs
		.filter(({ target, index }) => targets.indexOf(target.target) < index)
		.map(({ target, at, index }) => ({
			at: [at],
			concerns,
			reason: `\`${target.target}\` is rung ${targets.indexOf(target.target) + 1} of this chain already, and what has just failed there is asked again as rung ${index + 1}`,
			advice: 'remove one of the two, or raise `retries` if a second attempt is what you want',
		}));
}

function unreachableRungs({ rungs, concerns }: JudgedProfile): Finding[] {
	const last = rungs.slice(0, -1).find((rung) => !everLeadsOn(rung));
	const unreached = rungs.find(({ index }) => index === (last?.index ?? rungs.length) + 1);
	if (last === undefined || unreached === undefined) return [];
	const isNever = !everDenies(last);
	const when = isNever
		? 'is never reached'
		: `is reached only while the provider of \`${last.target.target}\` is closed off`;
	return [
		{
			at: [unreached.at],
			concerns,
			severity: isNever ? 'error' : 'warning',
			reason: `rung ${unreached.index + 1}, \`${unreached.target.target}\`, ${when}: every failure of \`${last.target.target}\` before it ends the request`,
			advice: 'give `onError` a `then: next` for what shall fail over, or remove the rungs from here on',
		},
	];
}

function categoriesThatEnd({ rungs }: JudgedProfile): Finding[] {
	return rungs
		.slice(0, -1)
		.filter(everLeadsOn)
		.flatMap((rung) =>
			worthFailover
				.filter((key) => !leadsOn(rung.policy.onError[key]?.then ?? ['next']))
				.map((key) => ({
					at: writtenOnError(rung, key, 'then'),
					about: key,
					concerns: rung.concerns,
					reason: `after a ${key} the request ends, though the chain has further rungs`,
					advice: 'nothing to do if the caller shall see it, else write `then: next`',
				})),
		);
}

function waysNeverTaken(rung: JudgedRung): Finding[] {
	return Object.entries(rung.policy.onError).flatMap(([key, { then }]) => {
		const open = openWays(then);
		const next = open.indexOf('next');
		const dead = then.filter(
			(way, index) =>
				index > open.length || then.indexOf(way) < index || (way === 'larger-context' && next !== -1 && next < index),
		);
		if (dead.length === 0) return [];
		return {
			at: writtenOnError(rung, key, 'then'),
			about: key,
			concerns: rung.concerns,
			reason: `of the ways after ${key}, ${namesText([...new Set(dead)])} can never be taken, for what stands before leads there or ends the request`,
			advice: 'put it further to the front, or remove it',
		};
	});
}

export const chainRules: readonly Rule[] = [
	{
		id: 'same-target-twice',
		severities: ['warning'],
		finds: 'the same target twice in a chain',
		find: ({ profiles }) => profiles.flatMap(sameTargetTwice),
	},
	{
		id: 'unreachable-rung',
		severities: ['error', 'warning'],
		finds: 'a rung behind one whose every failure ends the request',
		find: ({ profiles }) => profiles.flatMap(unreachableRungs),
	},
	{
		id: 'no-failover-for',
		severities: ['note'],
		finds: "a provider's failure that ends the request although the chain goes on",
		find: ({ profiles }) => profiles.flatMap(categoriesThatEnd),
	},
	{
		id: 'way-never-taken',
		severities: ['warning'],
		finds: 'a way in `then` that an earlier one makes useless',
		find: ({ profiles }) => profiles.flatMap(({ rungs }) => rungs.flatMap(waysNeverTaken)),
	},
];
