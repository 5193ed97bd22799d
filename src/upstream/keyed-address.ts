import type { ProviderAddress } from '../contract/dialect.ts';

/** A key that may be another one from one request to the next. */
export interface PresentKey {
	/** Undefined where there is none yet. */
	readonly present: string | undefined;
}

/**
 * The address of a credential whose key is renewed. It is made anew when there is a new key, and not for each request.
 * @param addressWith makes it with a key; only its headers depend on that
 */
export function keyedAddress(
	key: PresentKey,
	addressWith: (apiKey: string | undefined) => ProviderAddress,
): ProviderAddress {
	let made = key.present;
	let address = addressWith(made);
	return {
		...address,
		headers: (rendered) => {
			if (key.present !== made) {
				made = key.present;
				address = addressWith(made);
			}
			return address.headers(rendered);
		},
	};
}
