import type { SnapshotFrom } from 'xstate';
import type { Prospect } from '../../../machines/health-check/context.ts';
import { unavailableUntil } from '../../../machines/provider/context.ts';
import type { providerMachine } from '../../../machines/provider/machine.ts';

type ProviderSnapshot = SnapshotFrom<typeof providerMachine>;

export interface Checked {
	/** The actors that a permit needs: that of the key, and of the model where it has one of its own. */
	readonly actors: readonly ProviderSnapshot[];
	readonly model: string;
	/** It may be looked at before the end of a wait that only we have guessed. */
	readonly isOwnServer: boolean;
	/** Whether an answer would be evidence, were the provider out of traffic. */
	readonly wouldProve: boolean;
}

export const isClosed = ({ value }: ProviderSnapshot) => value === 'closed';

/**
 * Whether a check is worth something at this moment. It is never made before a time that the provider has named, with a dead key
 * or for an empty account, nor against the word of an operator.
 * @param now ms since the epoch
 */
export function prospectAt({ actors, model, isOwnServer, wouldProve }: Checked, now: number): Prospect {
	if (actors.some(({ context }) => unavailableUntil(context, model) > now)) return 'no';
	if (!actors.every(isClosed) && !wouldProve) return 'no';
	const waiting = actors.filter(({ context }) => context.until > now);
	if (waiting.length === 0) return 'with-permit';
	return isOwnServer && waiting.every((actor) => isGuessed(actor, now)) ? 'ahead' : 'no';
}

/** As the provider's actor decides on an early probe. */
function isGuessed({ value, context }: ProviderSnapshot, now: number): boolean {
	const { reason, alarmed, named } = context;
	return value === 'open' && reason === 'failures' && alarmed.length === 0 && now >= named;
}
