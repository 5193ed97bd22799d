import type { ModelAbilities } from '../contract/dialect.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { RequestSettings } from './request-settings.ts';

/** How one candidate is spoken to, for a caller of one dialect. */
export interface Contact {
	endpoint: Endpoint;
	settings: RequestSettings | undefined;
	/** The settings leave an answer one that can be carried on. */
	isContinuable: boolean;
	abilities: ModelAbilities;
	/** What its answers say is left of its limits is kept to (`limits.learn`). */
	learnsLimits?: boolean;
	/** Ids and proofs in the request that another provider made; absent for none. */
	foreign?: ReadonlySet<string>;
	/** What of the request it is not told, as it cannot be; absent for nothing. */
	dropped?: readonly string[];
}
