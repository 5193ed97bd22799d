import type { Candidate } from '../../machines/request/progress.ts';
import type { Borrowed } from '../contract/dialect.ts';
import { Refusal } from '../contract/refusal.ts';
import type { Makers } from './makers.ts';

/** The one who can answer a request, as only it has what the request names. */
export interface Bond {
	/** In the caller's words: `previous_response_id`. */
	readonly what: string;
	/** The id of its provider actor. */
	readonly credential: string;
}

/**
 * Whom a request is bound to by the ids in it.
 * @param candidates those that could be asked otherwise
 * @returns undefined where anyone can be asked
 * @throws Refusal when nobody can answer it: nobody knows who made an id, or it is not among the candidates
 */
export function bondOf(
	borrowed: readonly Borrowed[],
	candidates: readonly Pick<Candidate, 'credential'>[],
	makers: Makers,
	route: string,
): Bond | undefined {
	const needed = borrowed.filter(({ isNeeded }) => isNeeded);
	const [first] = needed;
	const [only, another] = new Set(candidates.map(({ credential }) => credential));
	// Where there is one to ask, it made the id, or nobody here has.
	if (first === undefined || (only !== undefined && another === undefined)) return undefined;
	const isOneProvider = new Set(candidates.map(({ credential }) => providerOf(credential))).size === 1;
	const bonds = needed.flatMap(({ id, what }) => {
		const credential = makers.of(id);
		if (credential !== undefined) return [{ what, credential }];
		// Each of its keys may have it.
		return isOneProvider ? [] : unknown(what);
	});
	const [bond] = bonds;
	const other = bonds.find(({ credential }) => credential !== bond?.credential);
	if (bond === undefined) return undefined;
	if (other !== undefined) {
		const message = `This request names ${bond.what} and ${other.what}, which two providers made (${bond.credential}, ${other.credential}): neither can answer it. Send the content itself instead.`;
		throw new Refusal('unknown_state', message, other.what);
	}
	if (candidates.some(({ credential }) => credential === bond.credential)) return bond;
	const message = `The ${bond.what} of this request was made by ${bond.credential}, which '${route}' does not ask. Ask a profile or a target of it, or send the whole input instead.`;
	throw new Refusal('unknown_state', message, bond.what);
}

function unknown(what: string): never {
	const message = `Nobody here knows which provider made the ${what} of this request: it was made elsewhere, or before a restart. Send the whole input instead, or ask a target of its provider by name.`;
	throw new Refusal('unknown_state', message, what);
}

/** What in a request another provider made, or this one has refused, and means nothing to this one. */
export function foreignTo(provider: string, borrowed: readonly Borrowed[], makers: Makers): readonly Borrowed[] {
	return borrowed.filter(({ id, isNeeded }) => {
		if (isNeeded) return false;
		const maker = makers.of(id);
		return makers.wasRefused(id, provider) || (maker !== undefined && providerOf(maker) !== provider);
	});
}

/**
 * What a provider is next asked without that has refused a proof, and does not say which: those that it is not known to have
 * made, and at last its own, which may be of another account there.
 * @param foreign the ids of what it was asked without
 * @returns empty where it was asked without any
 */
export function suspectedBy(
	provider: string,
	borrowed: readonly Borrowed[],
	foreign: ReadonlySet<string> | undefined,
	makers: Pick<Makers, 'of'>,
): readonly Borrowed[] {
	const told = borrowed.filter(({ id, isNeeded }) => !isNeeded && foreign?.has(id) !== true);
	const unknown = told.filter(({ id }) => providerOf(makers.of(id) ?? '') !== provider);
	return unknown.length > 0 ? unknown : told;
}

/** `openai#2` is a key of `openai`. */
function providerOf(credential: string): string {
	return credential.replace(/#\d+$/, '');
}
