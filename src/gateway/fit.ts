import type { Candidate } from '../../machines/request/progress.ts';
import type { Call } from '../contract/call.ts';
import type { Conversation, Loss, MessagePart } from '../contract/conversation.ts';
import type { ClientRequest, InputKind } from '../contract/dialect.ts';
import { Refusal } from '../contract/refusal.ts';
import type { Contact } from './contact.ts';
import type { LiveRoute } from './live-routes.ts';

/** The targets of a route that one request is asked of. */
export interface FittedRoute {
	readonly candidates: readonly Candidate[];
	readonly contacts: readonly Contact[];
	/** Those that cannot be told all of it, and are not asked. */
	readonly passedOver: readonly PassedOver[];
}

export interface PassedOver {
	/** `provider/model` */
	readonly target: string;
	readonly what: readonly string[];
}

const none: readonly PassedOver[] = [];

/**
 * Decides before anything is asked which targets can be told all of a request, and what the others are asked without.
 * @throws Refusal when it can be told to none, or contradicts itself
 */
export function fittedRoute(route: LiveRoute, { request, route: name, dialect }: Call): FittedRoute {
	if (route.contacts.length === 0) {
		const message = `No target of '${name}' can be asked at ${dialect.path}: none of its providers has such an endpoint.`;
		throw new Refusal('endpoint_not_available', message);
	}
	if (route.takesAll) return { candidates: route.candidates, contacts: route.contacts, passedOver: none };
	const candidates: Candidate[] = [];
	const contacts: Contact[] = [];
	const passedOver: PassedOver[] = [];
	route.candidates.forEach((candidate, position) => {
		const contact = route.contacts[position];
		if (contact === undefined) return;
		const losses = lossesOf(request, contact, candidate.model);
		const needed = losses.filter(({ isNeeded }) => isNeeded);
		if (needed.length > 0 && !route.sendsWithout) {
			passedOver.push({ target: candidate.target, what: namesOf(needed) });
			return;
		}
		candidates.push(candidate);
		contacts.push(losses.length === 0 ? contact : { ...contact, dropped: namesOf(losses) });
	});
	if (candidates.length === 0) throw notCarried(name, passedOver);
	return { candidates, contacts, passedOver };
}

function lossesOf(request: ClientRequest, { endpoint, abilities }: Contact, model: string): readonly Loss[] {
	const { dialect } = endpoint;
	const losses = request.dialect === dialect.name ? [] : dialect.lossesOf(request, abilities, model);
	const { input } = abilities;
	const conversation = input === undefined ? undefined : request.conversation?.();
	return input === undefined || conversation === undefined ? losses : [...losses, ...inputLosses(conversation, input)];
}

const kinds: Readonly<Partial<Record<MessagePart['is'], { kind: InputKind; what: string }>>> = {
	image: { kind: 'image', what: 'images' },
	file: { kind: 'file', what: 'files' },
	audio: { kind: 'audio', what: 'audio' },
};

/** What a model cannot look at. */
function inputLosses({ messages }: Conversation, input: readonly InputKind[]): Loss[] {
	const parts = messages.flatMap((message) =>
		message.parts.flatMap((part): MessagePart[] => (part.is === 'tool-result' ? [...part.parts] : [part])),
	);
	return parts.flatMap(({ is }) => {
		const kind = kinds[is];
		return kind === undefined || input.includes(kind.kind) ? [] : [{ what: kind.what, isNeeded: true }];
	});
}

function namesOf(losses: readonly Loss[]): string[] {
	return [...new Set(losses.map(({ what }) => what))];
}

function notCarried(route: string, passedOver: readonly PassedOver[]): Refusal {
	const each = [
		...new Map(passedOver.map(({ target, what }) => [target, `${target} cannot take ${what.join(', ')}`])).values(),
	];
	const shown = each.slice(0, 5).join('; ');
	const message = `No target of '${route}' can take this request: ${shown}. Ask a profile with a target that can, or leave that out.`;
	return new Refusal('not_carried', message);
}
