import type { WebhookConfig } from '../../config/config.ts';
import { type Gathering, isEnd, type Message, messageText, momentText } from './message.ts';
import type { ReachedProfile } from './reach.ts';

/** The body of a POST, by the format of its webhook. */
export const formats: Readonly<Record<WebhookConfig['format'], (content: Message | Gathering) => string>> = {
	json: (content) => JSON.stringify('messages' in content ? jsonGathering(content) : jsonBody(content)),
	slack: (content) => JSON.stringify('messages' in content ? slackGathering(content) : slackBody(content)),
};

/** Slack's own limits of a header and of a section; https://docs.slack.dev/reference/block-kit/blocks. */
const longestHeader = 150;
const longestSection = 3000;
/** A hundred of them stay within Slack's 50 blocks, and within the 40,000 characters that it shows of a text. */
const longestLine = 300;

function jsonBody(message: Message) {
	const { news, incident, title, what, source, meanwhile, action, profiles, at } = message;
	const { id, kind, provider, model, failure, since, until } = incident;
	return {
		event: `incident.${news}`,
		incident: id,
		kind,
		title,
		text: messageText(message),
		what,
		source,
		meanwhile,
		action,
		provider,
		model,
		category: failure.category,
		reason: failure.reason ?? null,
		status: failure.status ?? null,
		since: momentText(since),
		until: isEnd(news) ? null : momentText(until),
		at: momentText(at),
		...(profiles && { profiles: profiles.map(jsonProfile) }),
	};
}

function jsonGathering({ title, messages, meanwhile, profiles, at }: Gathering) {
	const lines = messages.map((message) => `${momentText(message.at)} ${message.title}. ${messageText(message)}`);
	return {
		event: 'incidents.gathered',
		title,
		text: [title, ...lines, meanwhile].filter((part) => part !== '').join('\n'),
		meanwhile,
		at: momentText(at),
		incidents: messages.map(jsonBody),
		profiles: profiles.map(jsonProfile),
	};
}

function jsonProfile({ profile, goesOnWith }: ReachedProfile) {
	return { profile, goesOnWith };
}

const signs = {
	opened: ':rotating_light:',
	reminder: ':hourglass:',
	recovered: ':white_check_mark:',
	reset: ':leftwards_arrow_with_hook:',
};

function slackBody(message: Message) {
	const { news, incident, title, what, source, meanwhile, action, at } = message;
	const sign = signs[news];
	const paragraphs = [what, `In the configuration: ${source}.`, meanwhile, action].filter((part) => part !== '');
	// Slack shows when a message came, which is long after it was true where its receiver was away.
	const details = `Breakwater, ${momentText(at)}; since ${momentText(incident.since)}; incident ${incident.id}`;
	return {
		text: clip(`${sign} ${escaped(`${title} (${momentText(at)}). ${messageText(message)}`)}`, longestSection),
		blocks: [
			header(`${sign} ${title}`),
			section(escaped(paragraphs.join('\n'))),
			{ type: 'context', elements: [{ type: 'mrkdwn', text: clip(escaped(details), longestSection) }] },
		],
	};
}

function slackGathering({ title, messages, meanwhile, at }: Gathering) {
	const lines = messages.map(({ news, title: about, source, at: happenedAt }) =>
		clip(`${signs[news]} ${momentText(happenedAt)} ${escaped(`${about} (${source})`)}`, longestLine),
	);
	const rest = meanwhile === '' ? [] : [clip(escaped(meanwhile), longestSection)];
	return {
		text: [escaped(title), ...lines, ...rest].join('\n'),
		blocks: [
			header(title),
			...packed(lines).map(section),
			...rest.map(section),
			{ type: 'context', elements: [{ type: 'mrkdwn', text: `Breakwater, ${momentText(at)}` }] },
		],
	};
}

function header(text: string) {
	return { type: 'header', text: { type: 'plain_text', text: clip(text, longestHeader), emoji: true } };
}

function section(text: string) {
	return { type: 'section', text: { type: 'mrkdwn', text: clip(text, longestSection) } };
}

/** The lines, as few texts that each fit into a section. */
function packed(lines: readonly string[]): string[] {
	const texts: string[] = [];
	for (const line of lines) {
		const last = texts.at(-1);
		if (last === undefined || last.length + 1 + line.length > longestSection) texts.push(line);
		else texts[texts.length - 1] = `${last}\n${line}`;
	}
	return texts;
}

/** In Slack's markup, which a plain text has none of, a name such as `<!channel>` would wake everybody. */
function escaped(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function clip(text: string, longest: number): string {
	return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
