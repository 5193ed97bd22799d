import type { ActorRefFrom } from 'xstate';
import type { providerMachine } from '../../machines/provider/machine.ts';
import type { GatewayObserver } from '../contract/observer.ts';
import type { LiveKeyListener } from '../credentials/live-key.ts';
import { clock } from '../values/clock.ts';
import type { KnownSecrets } from './known-secrets.ts';

/** By then there is a key, or this has been told again; ms. */
const WITHOUT_KEY_MS = 600_000;

export interface KeyWatchOptions {
	/** The id of the credential, and of its provider actor. */
	id: string;
	/** Where it stands in the file. */
	source: string;
	actor: Pick<ActorRefFrom<typeof providerMachine>, 'send' | 'getSnapshot'>;
	secrets: Pick<KnownSecrets, 'add'>;
	observer: GatewayObserver;
}

/**
 * What follows from what happens to a key that is fetched: it is a secret before it is used; its provider is out of traffic
 * while there is none; and one that was left because its key was rejected is tried with the next key at once.
 */
export function keyWatch({ id, source, actor, secrets, observer }: KeyWatchOptions): LiveKeyListener {
	return {
		onFound: (key) => secrets.add(id, key),
		onFetched: () => {
			observer.keyFetched?.(id, source);
			const { value, context } = actor.getSnapshot();
			if (value === 'open' && context.reason === 'auth') actor.send({ type: 'operator.probed', now: clock.now() });
		},
		onTrouble: (trouble) => {
			observer.keyTroubled?.(id, source, trouble);
			if (trouble.hasKey) return;
			const now = clock.now();
			actor.send({ type: 'peer.tripped', now, until: now + WITHOUT_KEY_MS, reason: 'auth' });
		},
		onDoubt: (what) => observer.keyDoubted?.(id, source, what),
	};
}
