import type { Candidate } from '../../machines/request/progress.ts';
import type { Call } from '../contract/call.ts';
import type { Loss } from '../contract/conversation.ts';
import type { Borrowed, ClientRequest } from '../contract/dialect.ts';
import { Refusal } from '../contract/refusal.ts';
import { lossesFor } from '../dialects/losses.ts';
import { type Bond, bondOf, foreignTo } from './borrowed.ts';
import type { Contact } from './contact.ts';
import type { LiveRoute } from './live-routes.ts';
import type { Makers } from './makers.ts';

/** The targets of a route that one request is asked of. */
export interface FittedRoute {
	readonly candidates: readonly Candidate[];
	readonly contacts: readonly Contact[];
	/** Those that cannot be told all of it, and are not asked. */
	readonly passedOver: readonly PassedOver[];
	/** Whom alone it can be asked of, by the ids in it. */
	readonly bond: Bond | undefined;
}

export interface PassedOver {
	/** `provider/model` */
	readonly target: string;
	readonly what: readonly string[];
}

const none: readonly PassedOver[] = [];
const nothing: readonly Borrowed[] = [];

/**
 * Decides before anything is asked which targets can be told all of a request, and what the others are asked without.
 * @throws Refusal when it can be told to none, or contradicts itself
 */
export function fittedRoute(route: LiveRoute, call: Call, makers: Makers): FittedRoute {
	const { request, route: name, dialect } = call;
	if (route.lack !== undefined) throw notAvailable(name, dialect.path, route.lack);
	const { borrowed = nothing } = request;
	if (borrowed.length === 0 && takesAsItIs(route, request)) return { ...route, passedOver: none, bond: undefined };
	const bond = bondOf(borrowed, route.candidates, makers, name);
	const fitted: Fitted = { candidates: [], contacts: [], passedOver: [] };
	route.candidates.forEach((candidate, position) => {
		const contact = route.contacts[position];
		const isBarred = bond !== undefined && bond.credential !== candidate.credential;
		if (contact !== undefined && !isBarred)
			addFitting({ candidate, contact, isForced: route.sendsWithout }, fitted, request, makers);
	});
	if (fitted.candidates.length === 0) throw notCarried(name, fitted.passedOver);
	return { ...fitted, bond };
}

function takesAsItIs({ takesAll, takesText }: LiveRoute, request: ClientRequest): boolean {
	return takesAll || (takesText && request.isOnlyText?.() === true);
}

interface Fitted {
	readonly candidates: Candidate[];
	readonly contacts: Contact[];
	readonly passedOver: PassedOver[];
}

interface Stop {
	readonly candidate: Candidate;
	readonly contact: Contact;
	/** It is asked without what it cannot be told. */
	readonly isForced: boolean;
}

function addFitting(
	{ candidate, contact, isForced }: Stop,
	fitted: Fitted,
	request: ClientRequest,
	makers: Makers,
): void {
	const losses = lossesFor(request, contact.endpoint.dialect, contact.abilities, candidate.model);
	const needed = losses.filter(({ isNeeded }) => isNeeded);
	if (needed.length > 0 && !isForced) {
		fitted.passedOver.push({ target: candidate.target, what: namesOf(needed) });
		return;
	}
	const foreign = foreignTo(candidate.provider, request.borrowed ?? nothing, makers);
	const dropped = namesOf([...losses, ...foreign]);
	const isPlain = dropped.length === 0;
	fitted.candidates.push(candidate);
	fitted.contacts.push(isPlain ? contact : { ...contact, dropped, foreign: new Set(foreign.map(({ id }) => id)) });
}

function namesOf(losses: readonly Pick<Loss, 'what'>[]): string[] {
	return [...new Set(losses.map(({ what }) => what))];
}

function notAvailable(route: string, path: string, lack: NonNullable<LiveRoute['lack']>): Refusal {
	const whys = {
		endpoint: `No target of '${route}' can be asked at ${path}: none of its providers has such an endpoint.`,
		embeddings: `No target of '${route}' is known as a model for embeddings; ask a profile with 'for: embeddings', or name the target as 'model'.`,
		answers: `The profile '${route}' is for embeddings, and cannot be asked at ${path}; ask it at /v1/embeddings, or another profile here.`,
	};
	return new Refusal('endpoint_not_available', whys[lack]);
}

function notCarried(route: string, passedOver: readonly PassedOver[]): Refusal {
	const each = [
		...new Map(passedOver.map(({ target, what }) => [target, `${target} cannot take ${what.join(', ')}`])).values(),
	];
	const shown = each.slice(0, 5).join('; ');
	const message = `No target of '${route}' can take this request: ${shown}. Ask a profile with a target that can, or leave that out.`;
	return new Refusal('not_carried', message);
}
