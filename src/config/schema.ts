import { z } from 'zod';
import { chain } from './chain-schema.ts';
import { failureKey } from './failure-keys.ts';
import { count, filled, oneOf, oneOrMany, pattern, section, table, text, textThat } from './fields.ts';
import { notifications } from './notifications-schema.ts';
import { filePolicy, profilePolicy } from './policy-schema.ts';
import { headerName, name, provider, streamUpstream } from './provider-schema.ts';
import { routing } from './routing-schema.ts';
import { logs, server } from './server-schema.ts';

const profile = section({
	extends: text()
		.exactOptional()
		.describe(
			'The profile whose chain, policy and other settings are taken over where this one gives none. Default: none.',
		),
	chain: chain
		.exactOptional()
		.describe(
			'The targets, `provider/model` each, or maps of a `target` and its settings here, in the order they are tried. Required without `extends`.',
		),
	commit: oneOf(['first-token', 'complete'])
		.exactOptional()
		.describe(
			'When a streamed answer begins to reach the client: with its first content, or not before it is whole. Default: `first-token`.',
		),
	for: oneOf(['answers', 'embeddings'])
		.exactOptional()
		.describe('What it is asked for: answers, or embeddings, whose targets must all be one model. Default: `answers`.'),
	whenNotCarried: oneOf(['pass-over', 'send-without'])
		.exactOptional()
		.describe(
			'What becomes of a target that cannot be told all of a request (pictures, say): it is passed over, or asked without that. Default: `pass-over`.',
		),
	streamUpstream: streamUpstream.describe(
		'Whether answers that are not streamed to the client are streamed from the provider, so that a broken one can be carried on. Default: what the provider says.',
	),
	policy: profilePolicy
		.exactOptional()
		.describe('What differs for this profile from the policies of file and provider.'),
});

const ruleStatus = z.union(
	[count(100, 599), textThat((value) => /^[1-5](\d\d|xx)$/i.test(value), 'is not a status; write `429` or `5xx`')],
	{ error: 'is not a status; write `429`, `5xx` or a list of them' },
);

const rulePatterns = ['status', 'code', 'type', 'message', 'header', 'provider'] as const;

const words = (what: string) => oneOrMany(text(), `write ${what} or a list of them, in quotes`);

const errorRule = section({
	status: oneOrMany(ruleStatus, 'write `429`, `5xx` or a list of them')
		.exactOptional()
		.describe('HTTP statuses, or classes of them such as `5xx`: one or a list. Default: any.'),
	code: words('a code').exactOptional().describe('Values of `error.code`: one or a list. Default: any.'),
	type: words('a type').exactOptional().describe('Values of `error.type`: one or a list. Default: any.'),
	message: pattern()
		.exactOptional()
		.describe('A regular expression for the message, without regard to case. Default: any.'),
	header: table(headerName, pattern())
		.exactOptional()
		.describe('Regular expressions for response headers, by name. Default: any.'),
	provider: words('the name of a provider').exactOptional().describe('Providers by name: one or a list. Default: any.'),
	as: failureKey.describe('What the failure is: `CATEGORY` or `CATEGORY.reason`. Required.'),
}).refine((rule) => rulePatterns.some((condition) => condition in rule), {
	error: `has no condition and would fit every failure; give at least one of ${rulePatterns.join(', ')}`,
});

/** The file as it is written, with every option there is. Its output has ms and bytes, and the defaults outside of policy. */
export const fileSchema = section({
	server: server.prefault({}).describe('The address that clients speak to, and who may.'),
	logs: logs
		.exactOptional()
		.describe('Log files beside the log on standard error; `logs: {}` is enough. Default: none are written.'),
	notifications: notifications
		.exactOptional()
		.describe('Who is notified when something has failed that a person must put right. Default: nobody.'),
	providers: filled(table(name, provider), 'is empty; define at least one provider').describe(
		'The APIs behind the proxy, by a name of your choice. Required.',
	),
	profiles: filled(table(name, profile), 'is empty; define at least one profile with a chain').describe(
		'Chains of targets, by a name of your choice; `default` is for requests that choose none. Required.',
	),
	routing: routing
		.exactOptional()
		.describe('How requests that name no profile find one. Default: they go to the default profile.'),
	policy: filePolicy.prefault({}).describe('How failures are handled, for all providers and profiles.'),
	errorRules: z
		.array(errorRule, { error: 'is not a list; write rules such as `- { status: 418, as: RATE_LIMIT }`' })
		.max(1_000, { error: 'has more than 1000 rules; remove some' })
		.prefault([])
		.describe(
			'Your own classification rules, which go before the shipped ones; the first that fits counts. Default: none.',
		),
});

/** What `fileSchema` makes of a file. */
export type File = z.output<typeof fileSchema>;
export type FileProvider = File['providers'][string];
export type FileProfile = File['profiles'][string];
