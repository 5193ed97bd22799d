import { z } from 'zod';
import { defaulted, duration, list, oneOf, section, table } from './fields.ts';
import { headerContent, ownHeaderName } from './provider-schema.ts';

const help = 'write for example `https://hooks.example.com/alerts`, or a variable that holds it';

/** It is a secret: whoever knows the address of a webhook can write to it. */
const webhookUrl = z
	.string({ error: `is not a URL; ${help}` })
	.meta({ pattern: '^https?://|\\$\\{' })
	.superRefine((value, context) => {
		const mistake = mistakeOfUrl(value);
		if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
	});

/** @returns what is wrong, without the URL itself */
function mistakeOfUrl(value: string): string | undefined {
	if (!/^https?:\/\/[^\s]+$/i.test(value) || !URL.canParse(value)) return `is not an http or https URL; ${help}`;
	const url = new URL(value);
	if (url.username !== '' || url.password !== '') return 'has credentials before its host; send them in `headers`';
	if (value.includes('#')) return `has a fragment, which is never sent to a server; ${help}`;
	return undefined;
}

const webhook = section({
	url: webhookUrl.describe('Where notifications are sent, with POST; http or https. It is never shown. Required.'),
	format: defaulted(
		oneOf(['json', 'slack']),
		'json',
		"What is sent: all that is known as JSON, or a message in Slack's format.",
	),
	headers: table(ownHeaderName, headerContent)
		.exactOptional()
		.describe('Further request headers, name to value, such as a token. Default: none.'),
});

export const notifications = section({
	webhooks: list(webhook, 20, 'write for example `- { url: "https://hooks.example.com/alerts" }`').describe(
		'Who is notified when a key, a quota or a model has failed for good, and when it works again. Required.',
	),
	reminder: defaulted(
		duration({ zero: true }),
		'6h',
		'How often they are notified again while it lasts, a duration; `0s` is never.',
	),
	downAfter: duration()
		.exactOptional()
		.describe(
			'Also notify of a provider that has been out of traffic for this long for plain failures, a duration. Default: never.',
		),
});

/** What `notifications` makes of its part of the file. */
export type FileNotifications = z.output<typeof notifications>;
