import type { Failure } from '../../../machines/failure.ts';
import type { KeyTrouble } from '../../contract/key-news.ts';

/**
 * What a person has to put right.
 * - `auth`: a provider rejects its key
 * - `quota`: its quota or credit is exhausted
 * - `model`: a model is not there
 * - `key`: the key of a provider cannot be fetched
 * - `down`: it has been out of traffic for long, for plain failures
 */
export type IncidentKind = 'auth' | 'quota' | 'model' | 'key' | 'down';

/** Something that lasts until it is put right. It holds no word of a caller or a provider. */
export interface Incident {
	/** The same in every notification of it, and in those of no other. */
	readonly id: string;
	readonly kind: IncidentKind;
	/** The provider actor's id: the provider's name, with `#n` for one of several keys, and `/model` for one model alone. */
	readonly provider: string;
	/** The model that is gone; for the other kinds, the one that was asked for; `''` where none was. */
	readonly model: string;
	readonly failure: Failure;
	/** ms since the epoch. */
	readonly since: number;
	/** When the provider (or the model) is asked again, or the key fetched, ms since the epoch. */
	readonly until: number;
	/** Of a key that cannot be fetched: why, and the one that serves on, if any. Absent for the other kinds. */
	readonly trouble?: KeyTrouble;
}

/**
 * What is reported of an incident. `recovered` was proven by an answer; after a `reset`, a person says so and the next request
 * will show it.
 */
export type IncidentNews = 'opened' | 'reminder' | 'recovered' | 'reset';

/** What identifies an incident among those that are open at the same time. */
export function subjectOf({ kind, provider, model }: Pick<Incident, 'kind' | 'provider' | 'model'>): string {
	return kind === 'model' ? `${kind}/${provider}/${model}` : `${kind}/${provider}`;
}

/** What an incident keeps out of traffic. A key that serves on keeps nothing out. */
export function covers(incident: Incident, candidate: { credential: string; model: string }): boolean {
	const { credential, model } = candidate;
	if (incident.trouble?.hasKey === true) return false;
	if (credential !== incident.provider) return `${credential}/${model}` === incident.provider;
	return incident.kind !== 'model' || model === incident.model;
}
