import type { Permit, ProviderReply } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import { failureWords } from '../failure-samples.ts';
import type { ModelName, Runs } from './stage.ts';
import { scopes } from './stage.ts';

/** What must hold of a key with several models in use: stable id, and the statement. */
export const scopeProperties = {
	'permit-needs-both':
		'a request gets a permit exactly when the actor of its model and that of its key would each grant one',
	'both-know-every-permit':
		'each permit that is out is in the ledgers of its model and of its key, once, and what was denied is in neither and holds no probe',
	'broken-model-leaves-siblings':
		'a failure that counts for one model opens neither its key nor a sibling, unless another model of the key fails too; a probe of the key that meets one does not open it either',
	'key-failure-is-for-all':
		'a failure of the line, of the key or of the account changes no model, and what it closes is closed for all models of the key',
	'settled-once-for-both': 'each failure is answered once, with a time at which both actors would grant, never earlier',
} as const satisfies Record<string, string>;

export type ScopeProperty = keyof typeof scopeProperties;

export interface ScopeFinding {
	readonly property: ScopeProperty;
	readonly message: string;
}

/** @param canGrant whether the model's actor and its key's would each have granted, before */
export function checkAsked(
	model: ModelName,
	before: Runs,
	after: Runs,
	replies: readonly ProviderReply[],
	canGrant: readonly [boolean, boolean],
): ScopeFinding[] {
	const [reply, ...more] = replies;
	if (reply === undefined || more.length > 0)
		return [{ property: 'permit-needs-both', message: `a request for ${model} is answered ${replies.length} times` }];
	const isGranted = reply.type === 'permit.granted';
	const [ofModel, ofKey] = canGrant;
	if (isGranted !== (ofModel && ofKey)) {
		const would = `the model ${ofModel ? 'would grant' : 'would deny'}, and the key ${ofKey ? 'would grant' : 'would deny'}`;
		return [{ property: 'permit-needs-both', message: `${model} is ${isGranted ? 'granted' : 'denied'}: ${would}` }];
	}
	if (isGranted) return [];
	const grown = scopes.find((scope) => probesIn(after, scope) > probesIn(before, scope));
	if (grown === undefined) return [];
	return [{ property: 'both-know-every-permit', message: `a request that was denied holds a probe of ${grown}` }];
}

export function checkLedgers(runs: Runs, held: readonly Permit[]): ScopeFinding[] {
	const findings: ScopeFinding[] = [];
	for (const scope of scopes) {
		const { out } = runs[scope].snapshot.context.ledger;
		const right = held.filter(({ model }) => scope === 'k' || model === scope).length;
		if (out === right) continue;
		findings.push({
			property: 'both-know-every-permit',
			message: `${scope === 'k' ? 'the key' : `model ${scope}`} has ${out} permits out, and ${right} are`,
		});
	}
	return findings;
}

/**
 * @param isOfModel the failure counts for a model
 * @param isSiblingFailing the other model is open for failures
 */
export function checkFailed(
	failure: Failure,
	model: ModelName,
	before: Runs,
	after: Runs,
	replies: readonly ProviderReply[],
	{ isOfModel, isSiblingFailing, now }: { isOfModel: boolean; isSiblingFailing: boolean; now: number },
): ScopeFinding[] {
	const findings: ScopeFinding[] = [];
	const sibling = model === 'm' ? 'n' : 'm';
	const words = `${failureWords(failure)} of model ${model}`;
	const moved = scopes.filter((scope) => before[scope].snapshot.value !== after[scope].snapshot.value);
	const wrong = isOfModel ? moved.filter((scope) => scope === sibling || (scope === 'k' && !isSiblingFailing)) : [];
	for (const scope of wrong) {
		const to = String(after[scope].snapshot.value);
		findings.push({ property: 'broken-model-leaves-siblings', message: `${words} makes ${scope} ${to}` });
	}
	if (!isOfModel) {
		for (const scope of moved.filter((name) => name !== 'k')) {
			findings.push({ property: 'key-failure-is-for-all', message: `${words} changes ${scope}` });
		}
	}
	const [reply, ...more] = replies;
	if (reply?.type !== 'attempt.settled' || more.length > 0) {
		return [
			...findings,
			{ property: 'settled-once-for-both', message: `${words} is answered ${replies.length} times` },
		];
	}
	const earliest = Math.max(after.k.snapshot.context.until, after[model].snapshot.context.until, now);
	if (reply.retryAt < earliest) {
		findings.push({
			property: 'settled-once-for-both',
			message: `${words} is answered with a time ${earliest - reply.retryAt} ms before both would grant`,
		});
	}
	return findings;
}

function probesIn(runs: Runs, scope: (typeof scopes)[number]): number {
	return runs[scope].snapshot.context.probes.length;
}
