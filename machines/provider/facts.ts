import type { ProviderFact } from '../events.ts';
import { type ProviderContext, unavailableUntil } from './context.ts';

/** A trip as it is told, from the context after it. */
export function tripFact(
	context: ProviderContext,
	state: 'open' | 'quota-cooldown',
	at: number,
	learnt: boolean,
): ProviderFact | undefined {
	const { id: provider, reason, until } = context;
	if (reason === undefined || reason === 'probing') return undefined;
	return { type: 'provider.tripped', provider, at, state, until, reason, learnt };
}

export function cooldownEndedFact({ id: provider, since }: ProviderContext): ProviderFact {
	return { type: 'cooldown.ended', provider, at: since };
}

/** What a lesson changes about models. */
export function modelFacts(
	before: ProviderContext,
	lesson: Partial<ProviderContext>,
	at: number,
	learnt: boolean,
): ProviderFact[] {
	const { id: provider } = before;
	const { unavailable = {}, refusesPrefill = [] } = lesson;
	const refused = refusesPrefill.filter((model) => !before.refusesPrefill.includes(model));
	const set = Object.entries(unavailable).filter(([model, until]) => until > unavailableUntil(before, model));
	return [
		...refused.map((model): ProviderFact => ({ type: 'prefill.refused', provider, at, model })),
		...set.map(([model, until]): ProviderFact => ({ type: 'model.unavailable', provider, at, model, until, learnt })),
	];
}
