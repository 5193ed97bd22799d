import type { ProviderContext } from '../../../../machines/provider/context.ts';
import { durationWords } from '../../../values/time-text.ts';
import { type Ghost, leftAside } from './ghost.ts';
import { happeningWords, type Property } from './seen.ts';

/**
 * No request sees any of this, only people and what acts for them: `/health`, the metrics, the inspector. What is wrong
 * here changes nothing that happens, so that the exploration goes on behind it.
 */
export const shownProperty: Property = {
	id: 'shows-what-happened',
	statement:
		'the health report is what happened: since when a provider is in its state, why, and until when; its failures in a row, the probes that are out, the models that are unavailable, and the last failure',
	check: ({ event, now, state, context, expected }) => {
		if (state !== expected.ghost.state) return undefined;
		const wrong = wronglyShown(expected.ghost, context, now);
		return wrong === undefined ? undefined : `after ${happeningWords(event)} ${wrong}`;
	},
};

function wronglyShown(ghost: Ghost, context: ProviderContext, now: number): string | undefined {
	if (context.since !== ghost.since) {
		return `it is shown ${ghost.state} since ${agoWords(now - context.since)}, and is since ${agoWords(now - ghost.since)}`;
	}
	if (context.until !== ghost.deadline) {
		return `it is shown ${untilWords(context.until, now)}, and is ${untilWords(ghost.deadline, now)}`;
	}
	if (context.reason !== ghost.reason) {
		return `the reason that is shown is ${context.reason ?? 'none'}, and it is ${ghost.reason ?? 'none'}`;
	}
	if (ghost.state === 'closed' && context.consecutiveFailures !== ghost.failuresInARow) {
		return `the failures in a row that are shown are ${context.consecutiveFailures}, and they are ${ghost.failuresInARow}`;
	}
	const idsOf = ({ probes }: ProviderContext | Ghost) => probes.map(({ id }) => id).join(', ') || 'none';
	if (context.probes.length + ghost.probes.length > 0 && idsOf(context) !== idsOf(ghost)) {
		return `the probes that count as out are ${idsOf(context)}, and those that are out are ${idsOf(ghost)}`;
	}
	return wronglyUnavailable(ghost, context, now) ?? wrongLastFailure(ghost, context);
}

function wronglyUnavailable(ghost: Ghost, context: ProviderContext, now: number): string | undefined {
	if (leftAside(context.unavailable, now) === leftAside(ghost.unavailable, now)) return undefined;
	const listOf = ({ unavailable }: ProviderContext | Ghost) =>
		Object.entries(unavailable)
			.flatMap(([model, until]) => (until > now ? [`${model} for ${durationWords(until - now)}`] : []))
			.join(', ') || 'none';
	return `the models that are shown as unavailable are ${listOf(context)}; they are ${listOf(ghost)}`;
}

function wrongLastFailure({ lastFailure }: Ghost, { lastFailure: shown }: ProviderContext): string | undefined {
	if (shown === undefined || lastFailure === undefined) {
		return shown === lastFailure ? undefined : 'the last failure is not shown';
	}
	const { failure, model, at } = lastFailure;
	if (shown.model !== model) return `the last failure is shown for model ${shown.model}, and was for ${model}`;
	if (shown.at !== at) return 'the last failure is shown with another time than it has';
	const isSame =
		shown.category === failure.category && shown.reason === failure.reason && shown.status === failure.status;
	return isSame ? undefined : `the last failure is shown as ${shown.category}, and was ${failure.category}`;
}

function agoWords(ms: number): string {
	if (ms === 0) return 'now';
	return ms > 0 ? `${durationWords(ms)} ago` : `${durationWords(-ms)} from now`;
}

function untilWords(until: number, now: number): string {
	if (until === 0) return 'without an end';
	return until > now ? `to end in ${durationWords(until - now)}` : 'over';
}
