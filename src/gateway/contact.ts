import type { ModelAbilities } from '../contract/dialect.ts';
import type { LiveKey } from '../credentials/live-key.ts';
import type { Price } from '../prices/price.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { RequestSettings } from './request-settings.ts';

/** What an attempt has to do with a key that is renewed. */
export type RenewableKey = Pick<LiveKey, 'present' | 'renewAfter'>;

/** How one candidate is spoken to, for a caller of one dialect. */
export interface Contact {
	endpoint: Endpoint;
	/** Its key, where that is renewed while the process runs. */
	liveKey?: RenewableKey | undefined;
	settings: RequestSettings | undefined;
	/** The settings leave an answer one that can be carried on. */
	isContinuable: boolean;
	abilities: ModelAbilities;
	/** What its answers say is left of its limits is kept to (`limits.learn`). */
	learnsLimits?: boolean;
	/** What its target costs; undefined where that is not known. */
	price: Price | undefined;
	/** The caller names this one target for something that its model, by all that is known, does not do; absent: it may well. */
	isUnlikely?: true;
	/** Ids and proofs in the request that another provider made; absent for none. */
	foreign?: ReadonlySet<string>;
	/** What of the request it is not told, as it cannot be; absent for nothing. */
	dropped?: readonly string[];
}
