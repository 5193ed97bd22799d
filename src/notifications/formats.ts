import type { WebhookConfig } from '../config/config.ts';
import { type Message, messageText, timeText } from './message.ts';

/** The body of a POST, by the format of its webhook. */
export const formats: Readonly<Record<WebhookConfig['format'], (message: Message) => string>> = {
	json: (message) => JSON.stringify(jsonBody(message)),
	slack: (message) => JSON.stringify(slackBody(message)),
};

/** Slack's own limits of a header and of a section; https://docs.slack.dev/reference/block-kit/blocks. */
const longestHeader = 150;
const longestSection = 3000;

function jsonBody(message: Message) {
	const { news, incident, title, what, source, meanwhile, action, profiles, at } = message;
	const { id, kind, provider, model, failure, since, until } = incident;
	const isOver = news === 'recovered' || news === 'reset';
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
		since: timeText(since),
		until: isOver ? null : timeText(until),
		at: timeText(at),
		profiles,
	};
}

const signs = {
	opened: ':rotating_light:',
	reminder: ':hourglass:',
	recovered: ':white_check_mark:',
	reset: ':leftwards_arrow_with_hook:',
};

function slackBody(message: Message) {
	const { news, incident, title, what, source, meanwhile, action } = message;
	const sign = signs[news];
	const paragraphs = [what, `In the configuration: ${source}.`, meanwhile, action].filter((part) => part !== '');
	const details = `Breakwater, since ${timeText(incident.since)}, incident ${incident.id}`;
	return {
		text: clip(`${sign} ${escaped(`${title}. ${messageText(message)}`)}`, longestSection),
		blocks: [
			{ type: 'header', text: { type: 'plain_text', text: clip(`${sign} ${title}`, longestHeader), emoji: true } },
			{ type: 'section', text: { type: 'mrkdwn', text: clip(escaped(paragraphs.join('\n')), longestSection) } },
			{ type: 'context', elements: [{ type: 'mrkdwn', text: clip(escaped(details), longestSection) }] },
		],
	};
}

/** In Slack's markup, which a plain text has none of, a name such as `<!channel>` would wake everybody. */
function escaped(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function clip(text: string, longest: number): string {
	return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
