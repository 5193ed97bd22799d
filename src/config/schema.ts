import type { z } from 'zod';
import { budget } from './budget-schema.ts';
import { chain } from './chain-schema.ts';
import { errorRules } from './error-rules-schema.ts';
import { filled, oneOf, section, table, text } from './fields.ts';
import { health } from './health-schema.ts';
import { notifications } from './notifications-schema.ts';
import { filePolicy, profilePolicy } from './policy-schema.ts';
import { name, provider, streamUpstream } from './provider-schema.ts';
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
	budget: budget
		.exactOptional()
		.describe('What requests to it may cost; profiles that extend it do not take it over. Default: no limit.'),
	policy: profilePolicy
		.exactOptional()
		.describe('What differs for this profile from the policies of file and provider.'),
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
	health,
	policy: filePolicy.prefault({}).describe('How failures are handled, for all providers and profiles.'),
	budget: budget.exactOptional().describe('What all requests together may cost. Default: no limit.'),
	errorRules: errorRules
		.prefault([])
		.describe(
			'Your own classification rules, which go before the shipped ones; the first that fits counts. Default: none.',
		),
});

/** What `fileSchema` makes of a file. */
export type File = z.output<typeof fileSchema>;
export type FileProvider = File['providers'][string];
export type FileProfile = File['profiles'][string];
