import { failureName } from '../../../machines/failure.ts';
import { rfc3339 } from '../../values/clock.ts';
import type { Incident, IncidentKind, IncidentNews } from './incident.ts';
import type { ReachedProfile } from './reach.ts';
import type { Telling } from './waiting.ts';

/** A notification as a person reads it. Every sentence is made of names of the configuration and of fixed words. */
export interface Message {
	news: IncidentNews;
	incident: Incident;
	/** One line: what is wrong, or well again. */
	title: string;
	/** What broke, and how that was noticed. */
	what: string;
	/** The part of the configuration that it is about: `providers.openai.apiKey[0]`. */
	source: string;
	/** What Breakwater does meanwhile. */
	meanwhile: string;
	/** What a person should do; `''` where there is nothing to do. */
	action: string;
	/** Absent where it is given once for several messages. */
	profiles: readonly ReachedProfile[] | undefined;
	/** When it became news, ms since the epoch; where the receiver was away, that is a while ago. */
	at: number;
}

/** Several messages that one receiver gets at once, because it is slower than what happens. */
export interface Gathering {
	/** One line: how many of what. */
	title: string;
	/** Without profiles of their own. */
	messages: readonly Message[];
	/** What Breakwater does meanwhile. */
	meanwhile: string;
	profiles: readonly ReachedProfile[];
	/** When it is sent, ms since the epoch. */
	at: number;
}

const kindNames: Readonly<Record<IncidentKind, string>> = {
	auth: 'key rejected',
	quota: 'quota exhausted',
	model: 'model not available',
	key: 'key cannot be fetched',
	down: 'provider down',
};

/** Chat messages are short; the JSON names every profile. */
const mostProfiles = 5;

/**
 * What is reported of an incident.
 * @param facts.source the part of the configuration that it is about
 * @param facts.fetchesItsKey what stands there is not the key, but where it is fetched
 * @param facts.profiles the profiles that it reaches, as of now; absent where they are given elsewhere
 * @param facts.now ms since the epoch
 */
export function messageOf(
	telling: Telling,
	facts: { source: string; fetchesItsKey: boolean; profiles?: readonly ReachedProfile[]; now: number },
): Message {
	const { news, incident, at } = telling;
	const { source, fetchesItsKey, profiles, now } = facts;
	const isOver = isEnd(news);
	const before = untold(telling);
	return {
		news,
		incident,
		title: titleOf(news, incident),
		what: `${isOver ? endOf(news, incident, at) : whatBroke(incident, now)}${before}`,
		source,
		meanwhile: isOver ? backInTraffic(profiles ?? []) : meanwhileOf(incident, profiles, now),
		action: isOver ? '' : actionFor(incident, source, fetchesItsKey),
		profiles,
		at,
	};
}

/**
 * @param messages at least one, without profiles of their own
 * @param profiles those that the incidents reach which are not over, as of now
 * @param now ms since the epoch
 */
export function gather(messages: readonly Message[], profiles: readonly ReachedProfile[], now: number): Gathering {
	const counts = Object.entries(newsNames).flatMap(([news, name]) => {
		const count = messages.filter((message) => message.news === news).length;
		return count === 0 ? [] : [`${count} ${name}`];
	});
	const title = `${messages.length} notifications at once: ${counts.join(', ')}`;
	return { title, messages, meanwhile: profiles.length === 0 ? '' : reach(profiles), profiles, at: now };
}

const newsNames: Readonly<Record<IncidentNews, string>> = {
	opened: 'opened',
	reminder: 'still open',
	recovered: 'over',
	reset: 'reset',
};

/** Whether an incident is over with this. */
export function isEnd(news: IncidentNews): news is 'recovered' | 'reset' {
	return news === 'recovered' || news === 'reset';
}

/** All sentences of a message as one text. */
export function messageText({ what, source, meanwhile, action }: Message): string {
	return [what, `In the configuration: ${source}.`, meanwhile, action].filter((part) => part !== '').join(' ');
}

/** What a receiver that was slow or away has missed. */
function untold({ isWhole, earlier, incident }: Telling): string {
	if (!isWhole) return '';
	const { failure, since } = incident;
	const status = failure.status === undefined ? '' : `, status ${failure.status}`;
	const began = ` It began at ${momentText(since)} (${failureName(failure)}${status}), which could not be reported before.`;
	if (earlier === 0) return began;
	return `${began} ${earlier === 1 ? 'One more like it' : `${earlier} more like it`} began and ended before that.`;
}

function meanwhileOf(incident: Incident, profiles: readonly ReachedProfile[] | undefined, now: number): string {
	const wait = waiting(incident, now);
	return profiles === undefined || incident.trouble?.hasKey === true ? wait : `${wait} ${reach(profiles)}`;
}

function titleOf(news: IncidentNews, incident: Incident): string {
	const about = `${subject(incident)}: ${kindNames[incident.kind]}`;
	if (news === 'opened') return about;
	if (news === 'reminder') return `Still: ${about}`;
	return news === 'recovered' ? `Over: ${about}` : `Reset: ${about}`;
}

/** The target where a model is gone, else the provider, with the number of its key where it has several. */
function subject({ kind, provider, model }: Incident): string {
	if (kind !== 'model') return provider;
	const [name, number] = provider.split('#');
	return number === undefined ? `${name}/${model}` : `${name}/${model} (#${number})`;
}

function whatBroke(incident: Incident, now: number): string {
	const { kind, provider, model, failure, since } = incident;
	const status = failure.status === undefined ? '' : `, status ${failure.status}`;
	const how = `${failureName(failure)}${status}${kind === 'model' || model === '' ? '' : `, asked for ${model}`}`;
	const lasts = now - since < 60_000 ? '' : ` This has lasted for ${elapsedText(now - since)}.`;
	switch (kind) {
		case 'auth':
			return `Provider ${provider} rejects its key (${how}).${lasts}`;
		case 'quota':
			return `Provider ${provider} is out of quota or credit (${how}).${lasts}`;
		case 'model':
			return `Provider ${provider} does not offer model ${model} to us (${how}).${lasts}`;
		case 'key':
			return `The key of provider ${provider} could not be fetched: ${incident.trouble?.what}.${lasts}`;
		case 'down':
			return `Provider ${provider} keeps failing; its last failure was ${how}.${lasts}`;
	}
}

function endOf(news: 'recovered' | 'reset', { kind, provider, model, since }: Incident, at: number): string {
	const after = elapsedText(at - since);
	if (news === 'reset') {
		return `An operator has reset provider ${provider} after ${after}; the next request will show whether it works.`;
	}
	if (kind === 'key') return `The key of provider ${provider} could be fetched again, after ${after}.`;
	return kind === 'model'
		? `Provider ${provider} has answered with model ${model} again, after ${after}.`
		: `Provider ${provider} answers again, after ${after}.`;
}

function waiting(incident: Incident, now: number): string {
	const { kind, provider, model, until, trouble } = incident;
	if (trouble?.hasKey === true) {
		const end = trouble.diesAt === undefined ? 'as long as it lives' : `until it dies at ${momentText(trouble.diesAt)}`;
		return `The present key serves on, ${end}; fetching is tried again all the time.`;
	}
	if (kind === 'key') return 'Breakwater does not ask it without a key; fetching is tried again all the time.';
	const what = kind === 'model' ? `Breakwater does not ask ${provider} for ${model}` : 'Breakwater does not ask it';
	const then = kind === 'model' ? 'the next request tries it' : 'a request probes it';
	const others = kind === 'model' ? " The provider's other models are not affected." : '';
	if (until <= now) return `${what} except for single requests that try whether it works again.${others}`;
	return `${what} until ${momentText(until)}; then ${then}.${others}`;
}

function reach(profiles: readonly ReachedProfile[]): string {
	if (profiles.length === 0) return 'No profile depends on it.';
	// Those that are worst off are named in any case.
	const worstFirst = profiles.toSorted((a, b) => Math.min(a.goesOnWith.length, 1) - Math.min(b.goesOnWith.length, 1));
	const sentences = worstFirst.slice(0, mostProfiles).map(({ profile, goesOnWith, isServable }) => {
		if (goesOnWith.length === 0 && isServable) {
			return `Profile ${profile} has no working target left: its requests only try whether one works again.`;
		}
		if (goesOnWith.length === 0)
			return `Profile ${profile} has no other target left: its requests fail until one works again.`;
		return `Profile ${profile} goes on with ${goesOnWith.join(', ')}.`;
	});
	const more = profiles.length - mostProfiles;
	return [...sentences, ...(more > 0 ? [`${more} more profiles are affected.`] : [])].join(' ');
}

function backInTraffic(profiles: readonly ReachedProfile[]): string {
	if (profiles.length === 0) return '';
	const names = profiles.slice(0, mostProfiles).map(({ profile }) => profile);
	const more = profiles.length > mostProfiles ? ` and ${profiles.length - mostProfiles} more` : '';
	return `It takes part again in ${names.join(', ')}${more}.`;
}

function actionFor({ kind, provider, failure, until }: Incident, source: string, fetchesItsKey: boolean): string {
	const anotherKey = fetchesItsKey
		? 'have it give another key, which is tried at once without a restart'
		: 'put in another key and restart';
	switch (kind) {
		case 'auth':
			return failure.reason === 'permission' || failure.reason === 'region'
				? `What to do: give the account of the key at ${source} the right to use this API (${failure.reason}), or ${anotherKey}.`
				: fetchesItsKey
					? `What to do: have what ${source} names give a valid key, which is tried at once without a restart.`
					: `What to do: put a valid key in the place of the one at ${source}, and restart.`;
		case 'quota':
			return `What to do: top up the account of the key at ${source} or raise its limit, or wait until ${momentText(until)}.`;
		case 'model':
			return `What to do: check the name of the model at ${source}; the provider may have renamed or retired it, or the account may not use it.`;
		case 'key':
			return `What to do: put right what ${source} names, the command, the file or the OAuth server; no restart is needed.`;
		case 'down':
			return `What to do: look at the provider's status page and at the network between; the log says how each attempt at ${provider} failed.`;
	}
}

/** RFC 3339 to the second, in UTC; a time past what a date can hold is shown as the last one. */
export function momentText(ms: number): string {
	return rfc3339(ms).replace(/\.\d+Z$/, 'Z');
}

function elapsedText(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1000));
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
